/** What is known of each session while it lasts. */
import { PassingMap } from '@postern/core'
import type { SessionView } from '@postern/core'
import { Counts } from './counts.ts'

export interface Dialogue {
  /** `postfix/smtpd` */
  readonly tag: string
  /** in brackets behind it */
  readonly pid: string
  readonly counts: Counts
  readonly slot: number
  readonly session: SessionView
  /** of the message whose first recipient was accepted */
  id: string | undefined
  /** the command that a client was last at; Postfix's name for it */
  where: string
  /** how the session ends, where it is not the client who says so or hangs up */
  end: 'timeout' | 'errors' | 'server' | 'quit' | undefined
  tlsTold: boolean
}

/**
 * Readers tell sessions apart by the number in brackets, as in Postfix each process has one session at a time. Here the
 * process has many: each gets the lowest number that is free, the first of them the process's own.
 */
export class Dialogues {
  readonly #pid: number
  readonly #open = new PassingMap<string, Dialogue>()
  readonly #free: number[] = []
  #slots = 0

  constructor(pid: number) {
    this.#pid = pid
  }
  /** Begins one that is not known yet: a reload may come in the middle of a session. */
  of(session: SessionView, tagOf: (listener: string) => string): Dialogue {
    const known = this.#open.get(session.id)
    if (known) return known
    const slot = this.#free.length > 0 ? this.#lowest() : this.#slots++
    const dialogue: Dialogue = {
      tag: tagOf(session.listener),
      pid: this.pidOf(slot),
      counts: new Counts(),
      slot,
      session,
      id: undefined,
      where: 'CONNECT',
      end: undefined,
      tlsTold: false,
    }
    this.#open.set(session.id, dialogue)
    return dialogue
  }
  find(sessionId: string): Dialogue | undefined {
    return this.#open.get(sessionId)
  }
  end(dialogue: Dialogue): void {
    this.#open.delete(dialogue.session.id)
    this.#free.push(dialogue.slot)
  }
  /** behind the process's own number, so that no two processes have the same */
  pidOf(slot: number): string {
    return slot === 0 ? String(this.#pid) : `${this.#pid}${String(slot).padStart(4, '0')}`
  }
  #lowest(): number {
    let at = 0
    for (let i = 1; i < this.#free.length; i++) if (this.#free[i]! < this.#free[at]!) at = i
    const slot = this.#free[at]!
    this.#free[at] = this.#free[this.#free.length - 1]!
    this.#free.pop()
    return slot
  }
}
