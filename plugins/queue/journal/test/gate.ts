/** Reads, writes and syncs held back by hand, for one interleaving at a time. */
import fs from 'node:fs'
import { systemIo } from '@postern/queue-journal'
import type { Io, Purpose } from '@postern/queue-journal'

/** Calls wait while it is closed: reads of the journal, or writes and syncs of a purpose. */
export class Gate {
  waiting: (() => void)[] = []
  #wanted: ((call: 'read' | 'write' | 'sync', purpose?: Purpose) => boolean) | undefined
  readonly #read = fs.read
  readonly io: Io = {
    write: (fd, buffer, length, position, purpose, done) =>
      this.#pass('write', () => systemIo.write(fd, buffer, length, position, purpose, done), purpose),
    sync: (fd, purpose, done) => this.#pass('sync', () => systemIo.sync(fd, purpose, done), purpose),
  }
  constructor() {
    const read = (...args: unknown[]) =>
      this.#pass('read', () => (this.#read as (...a: unknown[]) => void).apply(fs, args))
    fs.read = read as unknown as typeof fs.read
  }
  #pass(call: 'read' | 'write' | 'sync', go: () => void, purpose?: Purpose): void {
    if (this.#wanted?.(call, purpose)) this.waiting.push(go)
    else go()
  }
  /** `most`: calls that are held, the others pass. */
  close(call: 'read' | 'write' | 'sync', purpose?: Purpose, most = Infinity): void {
    let held = 0
    this.#wanted = (c, p) => c === call && p === purpose && held++ < most
  }
  /** What waits goes on now; what comes is held as before. */
  release(): void {
    for (const go of this.waiting.splice(0)) go()
  }
  open(): void {
    this.#wanted = undefined
    this.release()
  }
  end(): void {
    fs.read = this.#read
  }
}
export async function gated(what: (gate: Gate) => Promise<void>): Promise<void> {
  const gate = new Gate()
  try {
    await what(gate)
  } finally {
    gate.open()
    gate.end()
  }
}
