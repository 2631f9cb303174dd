/**
 * A disk and a clock that are a function of a seed: what is asked of the disk takes effect when it is asked for, or when it
 * is answered, after some turns of the event loop; timers run on those turns. The same seed gives the same order of
 * everything, so that an interleaving that fails can be had again. What was written and not synced is known: see `copy`.
 */
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { random } from '@postern/testkit'
import { temporary } from './helper.ts'
import type { Io } from '@postern/queue-journal'

type Callback = (error: Error | null, n: number) => void
interface Unsynced {
  readonly inode: number
  /** where the file was: an inode may be another disk's later */
  readonly path: string
  readonly at: number
  readonly before: Buffer
}
const PAGE = 4096
/** turns */
const FAULT_PAUSE = 400

export class World {
  /** turns of the event loop: milliseconds here */
  turn = 0
  /** turns that a read takes at most; most take few */
  reads = 20
  readonly #chance: () => number
  readonly #faults: number
  #lastFault = 0
  readonly #due = new Map<number, (() => void)[]>()
  #unsynced: Unsynced[] = []
  #undo: (() => void)[] = []
  #ended = false
  /** changes with everything that happens: two runs of a seed can be compared */
  trace = 0

  /** `faults`: share of the journal's syncs that fail, never two soon after another. `split`: a write and its sync are never one order. */
  constructor(seed: number, faults = 0, split = false) {
    this.#chance = random(seed)
    this.#faults = faults
    if (split) delete this.io.commit
  }
  get now(): number {
    return 1_800_000_000_000 + this.turn
  }
  /** 0 to n-1 */
  pick(n: number): number {
    return Math.floor(this.#chance() * n)
  }
  after(turns: number, what: () => void): void {
    const due = this.turn + Math.max(1, Math.ceil(turns))
    const there = this.#due.get(due)
    if (there) there.push(what)
    else this.#due.set(due, [what])
  }
  /** Mostly soon, sometimes late. */
  #delay(most: number): number {
    return 1 + this.pick(this.#chance() < 0.1 ? most : 3)
  }
  /** Done at once or at the end, answered at the end. */
  #slowly<T>(most: number, what: () => T, done: (error: Error | null, result?: T) => void): void {
    const attempt = (): [Error | null, T?] => {
      try {
        return [null, what()]
      } catch (error) {
        return [error as Error]
      }
    }
    const early = this.#chance() < 0.5 ? attempt() : undefined
    this.after(this.#delay(most), () => done(...(early ?? attempt())))
  }
  #promised<T>(what: () => T, most = 10): Promise<T> {
    return new Promise((resolve, reject) =>
      this.#slowly(most, what, (error, result) => (error ? reject(error) : resolve(result as T))),
    )
  }

  readonly io: { -readonly [K in keyof Io]: Io[K] } = {
    commit: (fd, buffer, length, position, done) => {
      let put = false
      this.io.write(fd, buffer, length, position, 'records', (error, written) => {
        put = !error && written === length
        if (error) done(error, 0)
        else this.io.sync(fd, 'records', (failed) => done(failed, written))
      })
      return () => put
    },
    write: (fd, buffer, length, position, _purpose, done) => {
      const write = () => {
        const { ino: inode } = fs.fstatSync(fd)
        const path = fs.readlinkSync(`/proc/self/fd/${fd}`)
        for (let at = position; at < position + length;) {
          const end = Math.min(position + length, (Math.floor(at / PAGE) + 1) * PAGE)
          const before = Buffer.alloc(end - at)
          this.#unsynced.push({ inode, path, at, before: before.subarray(0, fs.readSync(fd, before, 0, end - at, at)) })
          at = end
        }
        return fs.writeSync(fd, buffer, 0, length, position)
      }
      this.#slowly(8, write, (error, n) => done(error, n ?? 0))
    },
    sync: (fd, purpose, done) => {
      const due = this.#faults > 0 && purpose === 'records' && this.turn - this.#lastFault > FAULT_PAUSE
      if (due && this.#chance() < this.#faults) {
        this.#lastFault = this.turn
        return this.after(2, () => done(new Error('EIO')))
      }
      // what is written while it runs may be left out
      const covered = new Set(this.#unsynced)
      const sync = () => {
        const { ino } = fs.fstatSync(fd)
        this.#unsynced = this.#unsynced.filter((one) => one.inode !== ino || !covered.has(one))
      }
      this.after(1 + this.pick(this.#chance() < 0.3 ? 30 : 4), () => {
        sync()
        done(null)
      })
    },
    files: {
      rename: (from, to) => this.#promised(() => this.#rename(from, to)),
      unlink: (path) => this.#promised(() => this.#unlink(path)),
      size: (path) => this.#promised(() => fs.statSync(path, { throwIfNoEntry: false })?.size),
      // what is written is read first
      create: (path) => this.#promised(() => fs.openSync(path, 'w+')),
    },
  }
  /** What was not synced of a file that is gone is nobody's: its inode may be another file's soon. */
  #forget(path: string): void {
    const inode = fs.statSync(path, { throwIfNoEntry: false })?.ino
    this.#unsynced = this.#unsynced.filter((one) => one.inode !== inode)
  }
  #unlink(path: string): void {
    this.#forget(path)
    fs.unlinkSync(path)
  }
  #rename(from: string, to: string): void {
    this.#forget(to)
    fs.renameSync(from, to)
  }
  /**
   * A copy of the disk as a killed process leaves it; `cut`: as a power failure does, without some of what was not synced (of a page all
   * or nothing). `share`: of those pages that are lost.
   */
  copy(path: string, cut: boolean, share = 0.5): string {
    const copy = temporary()
    fs.cpSync(path, copy, { recursive: true })
    if (!cut) return copy
    const files = new Map<number, string>()
    for (const name of fs.readdirSync(path, { recursive: true }) as string[])
      if (fs.statSync(join(path, name)).isFile()) files.set(fs.statSync(join(path, name)).ino, join(copy, name))
    for (const { inode, path: from, at, before } of [...this.#unsynced].reverse()) {
      const file = files.get(inode)
      if (file === undefined || !from.startsWith(path) || this.#chance() < 1 - share) continue
      const fd = fs.openSync(file, 'r+')
      fs.writeSync(fd, before, 0, before.length, at)
      fs.closeSync(fd)
    }
    return copy
  }

  /** From here on the process's timers, clock and files are this world's. */
  begin(): void {
    const turn = () => {
      if (this.#ended) return
      this.turn++
      const due = this.#due.get(this.turn)
      this.#due.delete(this.turn)
      for (const what of due ?? []) {
        this.trace = (Math.imul(this.trace, 31) + this.turn) >>> 0
        what()
      }
      setImmediate(turn)
    }
    setImmediate(turn)
    this.#replace(performance, 'now', () => this.turn)
    this.#timers()
    this.#replace(fs, 'read', (fd: number, to: Buffer, from: number, length: number, at: number, done: Callback) =>
      this.#slowly(
        this.reads,
        () => fs.readSync(fd, to, from, length, at),
        (error, n) => done(error, n ?? 0),
      ),
    )
    this.#replace(fs, 'open', (path: string, flags: string, done: Callback) =>
      this.#slowly(
        10,
        () => fs.openSync(path, flags.startsWith('w') ? `${flags}+` : flags),
        (error, fd) => done(error, fd ?? -1),
      ),
    )
    this.#replace(promises, 'rename', (from: string, to: string) => this.#promised(() => this.#rename(from, to)))
    this.#replace(promises, 'unlink', (path: string) => this.#promised(() => this.#unlink(path)))
    const sync = fs as unknown as Record<string, (...args: unknown[]) => unknown>
    for (const name of ['stat', 'statfs', 'access', 'readdir', 'mkdir'])
      this.#replace(promises, name, (...args: unknown[]) => this.#promised(() => sync[`${name}Sync`]!(...args)))
    this.#replace(promises, 'open', (path: string, flags: string, mode?: number) =>
      this.#promised(() => this.#handle(fs.openSync(path, flags.startsWith('w') ? `${flags}+` : flags, mode))),
    )
    this.#replace(promises, 'opendir', async (path: string) => {
      const names = await this.#promised(() => fs.readdirSync(path).sort())
      return (async function* () {
        for (const name of names) yield { name }
      })()
    })
    syncBuiltinESMExports()
  }
  end(): void {
    this.#ended = true
    for (const undo of this.#undo.splice(0)) undo()
    syncBuiltinESMExports()
  }
  #replace(of: object, name: string, by: unknown): void {
    const there = of as Record<string, unknown>
    const before = there[name]
    there[name] = by
    this.#undo.push(() => (there[name] = before))
  }
  #handle(fd: number) {
    return {
      fd,
      close: () => this.#promised(() => fs.closeSync(fd), 3),
      truncate: (size: number) => this.#promised(() => fs.ftruncateSync(fd, size)),
      read: (buffer: Buffer, from: number, length: number, at: number) =>
        this.#promised(() => ({ bytesRead: fs.readSync(fd, buffer, from, length, at), buffer })),
    }
  }
  #timers(): void {
    const timer = (again: boolean) => (what: () => void, ms: number) => {
      const state = { on: true, unref: () => state, ref: () => state }
      const fire = () => {
        if (!state.on) return
        state.on = again
        what()
        if (again) this.after(ms, fire)
      }
      this.after(ms, fire)
      return state
    }
    const clear = (state?: { on: boolean }) => {
      if (state) state.on = false
    }
    this.#replace(globalThis, 'setTimeout', timer(false))
    this.#replace(globalThis, 'setInterval', timer(true))
    this.#replace(globalThis, 'clearTimeout', clear)
    this.#replace(globalThis, 'clearInterval', clear)
  }
}
