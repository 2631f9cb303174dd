/** Where each message stands: in delivery, being read for it, waiting, held. What an operator says of one moves it. */
import type { Clock } from '../contract/clock.ts'
import type { AdminAction } from '../contract/store.ts'
import { PosternError } from '../errors.ts'
import { PassingMap } from '../passing.ts'
import type { Round } from './round.ts'
import { Waiting } from './waiting.ts'
import type { Flushed } from './waiting.ts'

export interface PlacesHooks {
  /** something may be due, or there is room */
  feed(): void
  /** a message has left delivery */
  left(): void
}

export class Places {
  readonly waiting: Waiting
  readonly #clock: Clock
  readonly #hooks: PlacesHooks
  /** in delivery, or (undefined) being read for it */
  readonly #active = new PassingMap<string, Round | undefined>()
  /** active messages that are to be tried again as soon as they have ended */
  readonly #again = new Set<string>()
  /** active messages that an operator holds */
  readonly #heldActive = new Set<string>()
  /** deleted, or under another id, while they were being read */
  readonly #goneInReading = new Set<string>()

  constructor(clock: Clock, hooks: PlacesHooks) {
    this.#clock = clock
    this.#hooks = hooks
    this.waiting = new Waiting(clock, () => hooks.feed())
  }
  /** messages in delivery, or being read for it */
  get active(): number {
    return this.#active.size
  }
  isActive(id: string): boolean {
    return this.#active.has(id)
  }
  reads(id: string): void {
    this.#active.set(id, undefined)
  }
  begins(round: Round): void {
    this.#active.set(round.id, round)
  }
  /** It will be tried again as soon as it has ended. */
  again(id: string): void {
    this.#again.add(id)
  }
  willBeAgain(id: string): boolean {
    return this.#again.has(id)
  }
  /** It was deleted, or got another id, while it was being read; asked once. */
  tookGone(id: string): boolean {
    return this.#goneInReading.delete(id)
  }
  holdActive(id: string): void {
    this.#heldActive.add(id)
  }
  isHeldActive(id: string): boolean {
    return this.#heldActive.has(id)
  }
  /** Out of delivery; `until`: to wait; `flushed`: it has not had the attempt that was asked for. */
  ended(id: string, until?: number, flushed?: Flushed): void {
    this.#active.delete(id)
    this.#goneInReading.delete(id)
    const again = this.#again.delete(id)
    if (this.#heldActive.delete(id)) this.waiting.hold(id)
    else if (again) this.waiting.wait(id, this.#clock.now())
    else if (until !== undefined) this.waiting.wait(id, until, flushed)
    this.#hooks.left()
  }
  forget(id: string): void {
    this.waiting.forget(id)
    this.#heldActive.delete(id)
    this.#again.delete(id)
  }

  /** An operator's word, after the store has recorded it. */
  administered(id: string, action: AdminAction): void {
    const active = this.#active.get(id)
    if (active && (action === 'hold' || action === 'delete')) active.told = action
    if (active && action === 'release') active.told = undefined
    if (active && action === 'expire') active.expired = true
    if (action === 'hold' || action === 'delete') {
      if (action === 'delete' && this.#active.has(id) && !active) this.#goneInReading.add(id)
      if (action === 'delete') this.forget(id)
      else if (this.#active.has(id)) this.#heldActive.add(id)
      // what has ended meanwhile is nobody's any more
      else if (this.waiting.has(id)) this.waiting.hold(id)
      return
    }
    this.#heldActive.delete(id)
    if (this.#active.has(id)) this.#again.add(id)
    else this.waiting.wait(id, this.#clock.now())
  }
  /**
   * Keeps a message from being delivered, and resolves when nobody takes it any more; what comes back ends that. After `ms`
   * it is let go again, and the promise rejects.
   */
  async still(id: string, ms: number): Promise<() => void> {
    const active = this.#active.get(id)
    const held = this.#heldActive.has(id) || this.waiting.isHeld(id)
    const told = active?.told
    if (active) active.told ??= 'requeue'
    if (this.#active.has(id)) this.#heldActive.add(id)
    else if (this.waiting.has(id)) this.waiting.hold(id)
    const undo = (): void => {
      if (active?.told === 'requeue') active.told = told
      if (held) return
      if (this.#active.has(id)) this.#heldActive.delete(id)
      else if (this.waiting.isHeld(id)) this.waiting.wait(id, this.#clock.now())
      this.#hooks.feed()
    }
    if (!active) return undo
    await new Promise<void>((resolve, reject) => {
      const timer = this.#clock.after(ms, () => {
        undo()
        reject(new PosternError('PN_BUSY', `${id} is being delivered`))
      })
      void active.still().then(() => {
        timer.cancel()
        resolve()
      })
    })
    return undo
  }
}
