/** One life of a journal in a process of its own, killed at a step or not, and what must be true of it afterwards. */
import fs from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { BodyDamaged } from '@postern/core'
import type { JournalStore } from '@postern/queue-journal'
import { smallJournal } from './store-steps.js'
import { injecting } from './strace.ts'

const CHILD = fileURLToPath(new URL('store-child.js', import.meta.url))
/** calls by which a journal changes the disk */
export const STEPS = ['pwrite64', 'fdatasync', 'fsync', 'rename', 'unlink', 'mkdir'] as const
/** ms that one life may take */
const LIFE = 60_000
export type Step = (typeof STEPS)[number]

interface Promised {
  readonly letter: string
  readonly size: number
  state: 'alive' | 'ending' | 'ended'
}
export interface Life {
  /** it came to its end */
  readonly done: boolean
  /** the call at which it was killed, as `rename seg/spare` */
  readonly step: string
  /** signal or code with which it ended */
  readonly how: string
  readonly errors: string
}

export class JournalUnderTest {
  readonly promised = new Map<string, Promised>()
  readonly #trace: string
  acknowledged = 0

  /** `trace`: a file outside the disk under test */
  constructor(trace: string) {
    this.#trace = trace
  }
  /** Runs the child; `inject` as strace has it, or undefined. Gives each of the child's lines to the promises. */
  async life(path: string, seed: number, messages: number, inject?: string): Promise<Life> {
    const command = [process.execPath, CHILD, path, String(seed), String(messages)]
    const [program, ...args] = inject ? [...injecting(inject, { output: this.#trace }), ...command] : command
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let late = false
    const timer = setTimeout(() => {
      late = true
      process.kill(-child.pid!, 'SIGKILL')
    }, LIFE)
    let out = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    await once(child, 'close')
    clearTimeout(timer)
    const lines = out.split('\n').slice(0, -1)
    for (const line of lines) this.#line(line)
    const step = inject ? this.#step(inject.slice(0, inject.indexOf(':'))) : ''
    const how = `${late ? 'not done in time, ' : ''}${child.signalCode ?? child.exitCode}`
    return { done: lines.at(-1) === '.', step, how, errors }
  }
  /** The last calls that were seen, for who looks for a reason. */
  get lastCalls(): string {
    return fs.readFileSync(this.#trace, 'latin1').trimEnd().split('\n').slice(-30).join('\n')
  }
  #line(line: string): void {
    const [id, letter, size] = line.slice(1).split(' ') as [string, string, string]
    if (line.startsWith('+')) {
      this.acknowledged++
      this.promised.set(id, { letter, size: Number(size), state: 'alive' })
    } else if (line.startsWith('-')) this.#state(id, 'ending')
    else if (line.startsWith('=')) this.#state(id, 'ended')
  }
  #state(id: string, state: Promised['state']): void {
    const known = this.promised.get(id)
    if (known) known.state = state
  }
  /** The call that was not answered any more. */
  #step(call: string): string {
    const lines = fs.readFileSync(this.#trace, 'latin1').split('\n')
    const open = lines.filter((line) => line.includes(`${call}(`) && /(= \?|unfinished \.\.\.>)$/.test(line))
    return stepOf(open.at(-1) ?? '')
  }
  /** How often each call is made by the thread that makes it most, in one life. */
  async count(path: string, seed: number, messages: number): Promise<ReadonlyMap<Step, number>> {
    await this.life(path, seed, messages, `${STEPS.join(',')}:delay_exit=1:when=60000`)
    const counts = new Map<string, number>()
    for (const line of fs.readFileSync(this.#trace, 'latin1').split('\n')) {
      const [, thread, call] = /^(\d+)\s+(\w+)\(/.exec(line) ?? []
      if (call) counts.set(`${call} ${thread}`, (counts.get(`${call} ${thread}`) ?? 0) + 1)
    }
    const most = new Map<Step, number>()
    for (const [key, n] of counts) {
      const call = key.split(' ')[0] as Step
      most.set(call, Math.max(most.get(call) ?? 0, n))
    }
    return most
  }

  /** Opens what is there, compares with the promises, and closes. What is gone without breaking one is forgotten. */
  async check(path: string): Promise<Found> {
    const store = smallJournal(path)
    const there = new Set<string>()
    const found: Found = { lost: [], resurrected: [], damaged: [], unreadable: [], problems: [] }
    await (
      await store.start((row) => void there.add(row.id))
    ).done
    try {
      for (const [id, p] of this.promised) {
        if (!there.has(id)) {
          if (p.state === 'alive') found.lost.push(id)
          this.promised.delete(id)
        } else if (p.state === 'ended') found.resurrected.push(id)
        else {
          p.state = 'alive'
          const body = await bodyOf(store, id)
          if (!body) found.unreadable.push(id)
          else if (!body.equals(Buffer.alloc(p.size, p.letter))) found.damaged.push(id)
        }
      }
      found.problems.push(...store.health().problems)
      return found
    } finally {
      await store.stop()
    }
  }
  /** The same promises, for a look at a copy. */
  copy(): JournalUnderTest {
    const copy = new JournalUnderTest(this.#trace)
    for (const [id, p] of this.promised) copy.promised.set(id, { ...p })
    return copy
  }
}
export interface Found {
  readonly lost: string[]
  readonly resurrected: string[]
  /** given to its end, with other bytes */
  readonly damaged: string[]
  /** refused when it was read, or held */
  readonly unreadable: string[]
  readonly problems: string[]
}
/** `undefined`: the store says that it cannot give it. */
async function bodyOf(store: JournalStore, id: string): Promise<Buffer | undefined> {
  try {
    const message = await store.load(id)
    if (!message) return undefined
    const parts: Uint8Array[] = []
    for await (const part of message.body.stream()) parts.push(part)
    return Buffer.concat(parts)
  } catch (error) {
    if (error instanceof BodyDamaged) return undefined
    throw error
  }
}

/** `rename("/x/parts/…/seg/spare", …` as `rename seg/spare`, `pwrite64(21</x/parts/…/body/<file>>, …` as `pwrite64 body`. */
function stepOf(line: string): string {
  const call = /^\d+\s+(\w+)\(/.exec(line)?.[1]
  if (!call) return 'none'
  const path = /["<][^">]*\/parts\/[0-9a-f-]{36}\/?([^">]*)[">]/.exec(line)?.[1]
  if (path === undefined) return `${call} above the part`
  return `${call} ${path.replace(/^(body|corrupt|ckpt)\/.*/, '$1').replace(/\d{8,}/, 'N') || 'the part'}`
}
