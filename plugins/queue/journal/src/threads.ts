/**
 * Threads of the journal's own, one that writes and one that syncs, so that nothing which blocks the runtime's pool stops
 * commits. What no commit waits for (spares, checkpoints), or only that of a large body, stays in the pool.
 */
import { systemFiles, systemIo } from './io.ts'
import { Line } from './threads-line.ts'
import { LAYOUT } from './threads-ring.ts'
import type { FileCalls, Io, Purpose } from './io.ts'
import type { Order } from './threads-line.ts'

const { WRITE, FDATASYNC, FSYNC, CALL, COMMIT } = LAYOUT.ops
const SCRIPT = new URL('./threads-worker.cjs', import.meta.url)

export class ThreadIo implements Io {
  readonly #writes: Line
  readonly #syncs: Line
  readonly files: FileCalls

  /** `lost`: a thread has died, and is replaced, or cannot be started; calls then run in the pool */
  constructor(lost: (error: Error) => void, script = SCRIPT) {
    this.#writes = new Line({ name: 'journal-write', script, lost })
    this.#syncs = new Line({ name: 'journal-sync', script, lost })
    this.files = {
      rename: async (from, to) => void (await this.#call('rename', from, to)),
      unlink: async (path) => void (await this.#call('unlink', path)),
      size: (path) => this.#call('size', path).catch(() => undefined),
      create: (path) => this.#call('create', path),
    }
  }
  write(
    fd: number,
    buffer: Uint8Array,
    length: number,
    position: number,
    purpose: Purpose,
    done: (error: Error | null, written: number) => void,
  ): void {
    const elsewhere = () => systemIo.write(fd, buffer, length, position, purpose, done)
    if (purpose !== 'records' && purpose !== 'fill') return elsewhere()
    this.#writes.give({ op: WRITE, fd, buffer, length, position, done, elsewhere })
  }
  get commitWaits(): boolean {
    return this.#syncs.busy
  }
  commit(
    fd: number,
    buffer: Uint8Array,
    length: number,
    position: number,
    done: (error: Error | null, written: number) => void,
  ): () => boolean {
    const elsewhere = () =>
      systemIo.write(fd, buffer, length, position, 'records', (error, written) => {
        if (error || written < length) return done(error, written)
        order.isPut = () => true
        systemIo.sync(fd, 'records', (failed) => done(failed, written))
      })
    const order: Order = { op: COMMIT, fd, buffer, length, position, done, elsewhere }
    this.#syncs.give(order)
    return () => order.isPut?.() ?? false
  }
  sync(fd: number, purpose: Purpose, done: (error: Error | null) => void): void {
    const elsewhere = () => systemIo.sync(fd, purpose, done)
    if (purpose !== 'records' && purpose !== 'fill' && purpose !== 'folder') return elsewhere()
    this.#syncs.give({ op: purpose === 'folder' ? FSYNC : FDATASYNC, fd, length: 0, position: 0, done, elsewhere })
  }
  #call(name: keyof FileCalls, ...args: string[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, result: number) => (error ? reject(error) : resolve(result))
      const inPool = systemFiles[name] as (...args: string[]) => Promise<number>
      const elsewhere = () => void inPool(...args).then(resolve, reject)
      this.#writes.give({ op: CALL, fd: 0, length: 0, position: 0, call: [name, ...args], done, elsewhere })
    })
  }
  /** Both threads are up, or cannot be started, when this resolves; until then calls run in the pool. */
  async ready(): Promise<void> {
    await Promise.all([this.#writes.ready(), this.#syncs.ready()])
  }
  /** The threads have ended when this resolves. */
  async close(): Promise<void> {
    await Promise.all([this.#writes.close(), this.#syncs.close()])
  }
}
