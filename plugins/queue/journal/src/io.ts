/** The two calls on which durability rests, behind a seam: tests put failing ones in their place. */
import fs from 'node:fs'
import { rename, stat, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * What a call is for: records of the journal, filling of a segment that is needed now, or of one kept ready, a body file,
 * the folder of body files, another folder, a checkpoint. Commits wait for `records`, `fill` and `folder`.
 */
export type Purpose = 'records' | 'fill' | 'spare' | 'body' | 'bodies' | 'folder' | 'checkpoint'
/** What else the opening of a segment waits for. */
export interface FileCalls {
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** bytes; `undefined`: it is not there, or cannot be seen */
  size(path: string): Promise<number | undefined>
  /** a descriptor of a new, empty file, to be written */
  create(path: string): Promise<number>
}
export interface Io {
  write(
    fd: number,
    buffer: Uint8Array,
    length: number,
    position: number,
    purpose: Purpose,
    done: (error: Error | null, written: number) => void,
  ): void
  /** fdatasync for files, fsync for folders */
  sync(fd: number, purpose: Purpose, done: (error: Error | null) => void): void
  /**
   * Records, written and then synced in one go; a short count was not synced. What it returns tells while the sync still runs
   * whether all bytes stand in the file; without it nobody can say.
   */
  commit?(
    fd: number,
    buffer: Uint8Array,
    length: number,
    position: number,
    done: (error: Error | null, written: number) => void,
  ): (() => boolean) | void
  /** A commit would stand behind the sync of something else: until its end nobody could write beside it. */
  readonly commitWaits?: boolean
  /** default: those of `systemIo` */
  readonly files?: FileCalls
}
export const systemFiles: FileCalls = {
  rename,
  unlink,
  size: (path) =>
    stat(path).then(
      ({ size }) => size,
      () => undefined,
    ),
  create: promisify((path: string, done: (error: Error | null, fd: number) => void) => fs.open(path, 'w', done)),
}
export const systemIo: Io = {
  write: (fd, buffer, length, position, _purpose, done) => fs.write(fd, buffer, 0, length, position, done),
  sync: (fd, purpose, done) =>
    purpose === 'folder' || purpose === 'bodies' ? fs.fsync(fd, done) : fs.fdatasync(fd, done),
  files: systemFiles,
}

/** Writes all of it. A short count is no success: what stopped it (ENOSPC) comes with the next call. */
export function writeAll(
  io: Io,
  fd: number,
  buffer: Uint8Array,
  length: number,
  position: number,
  purpose: Purpose,
  done: (error: Error | null) => void,
): void {
  io.write(fd, buffer, length, position, purpose, (error, written) => {
    if (error) return done(error)
    if (written === length) return done(null)
    if (written <= 0) return done(new Error(`nothing was written at ${position}`))
    writeAll(io, fd, buffer.subarray(written), length - written, position + written, purpose, done)
  })
}
export const writeFully = (io: Io, fd: number, buffer: Uint8Array, position: number, purpose: Purpose): Promise<void> =>
  new Promise((resolve, reject) =>
    writeAll(io, fd, buffer, buffer.length, position, purpose, (error) => (error ? reject(error) : resolve())),
  )
export const syncFully = (io: Io, fd: number, purpose: Purpose): Promise<void> =>
  new Promise((resolve, reject) => io.sync(fd, purpose, (error) => (error ? reject(error) : resolve())))

/** A folder that is synced once for all who ask while a sync is under way. */
export class FolderSync {
  readonly #io: Io
  readonly #fd: number
  readonly #purpose: Purpose
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(io: Io, path: string, purpose: 'folder' | 'bodies' = 'folder') {
    this.#io = io
    this.#purpose = purpose
    this.#fd = fs.openSync(path, 'r')
  }

  /** Resolves when everything that was renamed or created before the call is durable. */
  sync(): Promise<void> {
    if (this.#next) return this.#next
    const start = (): Promise<void> => {
      this.#next = undefined
      const run = syncFully(this.#io, this.#fd, this.#purpose)
      this.#running = run
      const end = () => {
        if (this.#running === run) this.#running = undefined
      }
      run.then(end, end)
      return run
    }
    // a sync that already runs may have begun before the caller's rename
    return this.#running ? (this.#next = this.#running.then(start, start)) : start()
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
