/** Content on its way in: in memory while it is small, in a file of its own when it is not. */
import { open, unlink } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { FolderSync, syncFully, writeFully } from './io.ts'
import type { BodySink, BodySource } from '@postern/core'
import type { FileHandle } from 'node:fs/promises'
import type { Io } from './io.ts'

/** in memory over all open sinks; above, content goes to files early */
const BUFFER_LIMIT = 64 * 1024 * 1024
/** a writer waits when so much of its own has not reached the file */
const HIGH_WATER = 1024 * 1024
const READ_SIZE = 256 * 1024

/** What a sink made, ready for a COMMIT. */
export class SpooledBody implements BodySource {
  readonly size: number
  readonly crc: number
  readonly bytes: readonly Uint8Array[] | undefined
  readonly file: string | undefined
  /** given to a commit; a second one would share the file */
  taken = false
  readonly #path: string
  readonly #forget: (() => void) | undefined

  constructor(
    size: number,
    crc: number,
    where: { bytes: readonly Uint8Array[] } | { file: string; path: string; forget?: () => void },
  ) {
    this.size = size
    this.crc = crc
    this.bytes = 'bytes' in where ? where.bytes : undefined
    this.file = 'file' in where ? where.file : undefined
    this.#path = 'path' in where ? where.path : ''
    this.#forget = 'forget' in where ? where.forget : undefined
  }
  /** No commit will ask for it: its file goes. */
  abort(): void {
    if (!this.taken) this.#forget?.()
  }
  async *stream(): AsyncIterable<Uint8Array> {
    if (this.bytes) yield* this.bytes
    else for await (const chunk of readChecked(this.#path, this.size, this.crc)) yield chunk
  }
}

/** A file's bytes; `damaged` makes the error when length or checksum do not hold at the end. */
export async function* readChecked(
  path: string,
  size: number,
  crc: number,
  damaged: (what: string) => Error = (what) => new Error(what),
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? damaged('the file is missing') : error
  })
  try {
    let found = 0
    let sum = 0
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_SIZE), 0, READ_SIZE, found)
      if (bytesRead === 0) break
      found += bytesRead
      const chunk = buffer.subarray(0, bytesRead)
      sum = crc32(chunk, sum)
      yield chunk
    }
    if (found !== size) throw damaged(`${found} bytes instead of ${size}`)
    if (sum !== crc) throw damaged('the checksum does not hold')
  } finally {
    await file.close()
  }
}

export class BodySpool {
  readonly folder: string
  readonly threshold: number
  readonly io: Io
  /** bytes in memory over all open sinks */
  buffered = 0
  readonly #sync: FolderSync

  constructor(folder: string, threshold: number, io: Io) {
    this.folder = folder
    this.threshold = threshold
    this.io = io
    this.#sync = new FolderSync(io, folder, 'bodies')
  }
  sink(size?: number): BodySink {
    return new Sink(this, size !== undefined && size > this.threshold)
  }
  /** A source that is not ours (or is used twice), written anew. */
  async copy(source: BodySource): Promise<SpooledBody> {
    const sink = new Sink(this, source.size > this.threshold)
    try {
      for await (const chunk of source.bytes ?? source.stream()) await sink.write(chunk)
      return await sink.end()
    } catch (error) {
      sink.abort()
      throw error
    }
  }
  get full(): boolean {
    return this.buffered > BUFFER_LIMIT
  }
  syncFolder(): Promise<void> {
    return this.#sync.sync()
  }
  path(file: string): string {
    return join(this.folder, file)
  }
  /** Resolves also when it is not there. */
  remove(file: string): Promise<void> {
    return unlink(this.path(file)).catch(() => undefined)
  }
  close(): void {
    this.#sync.close()
  }
}

class Sink implements BodySink {
  readonly #spool: BodySpool
  #size = 0
  #crc = 0
  #chunks: Uint8Array[] = []
  #file: BodyFile | undefined
  #result: SpooledBody | undefined
  #closed = false

  constructor(spool: BodySpool, large: boolean) {
    this.#spool = spool
    if (large) this.#file = new BodyFile(spool)
  }
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#closed) throw new Error('the sink is closed')
    this.#size += chunk.length
    this.#crc = crc32(chunk, this.#crc)
    if (this.#file) return this.#file.write(chunk)
    this.#chunks.push(chunk)
    this.#spool.buffered += chunk.length
    if (this.#size <= this.#spool.threshold && !this.#spool.full) return undefined
    this.#spool.buffered -= this.#size
    this.#file = new BodyFile(this.#spool)
    const wait = this.#chunks.map((c) => this.#file!.write(c)).at(-1)
    this.#chunks = []
    return wait
  }
  end(): SpooledBody | Promise<SpooledBody> {
    if (this.#closed) throw new Error('the sink is closed')
    this.#closed = true
    if (this.#file) return this.#endFile(this.#file)
    this.#spool.buffered -= this.#size
    return new SpooledBody(this.#size, this.#crc, { bytes: this.#chunks })
  }
  async #endFile(file: BodyFile): Promise<SpooledBody> {
    await file.end()
    const path = this.#spool.path(file.name)
    return (this.#result = new SpooledBody(this.#size, this.#crc, {
      file: file.name,
      path,
      forget: () => this.abort(),
    }))
  }
  abort(): void {
    if (!this.#closed && !this.#file) this.#spool.buffered -= this.#size
    this.#closed = true
    this.#chunks = []
    if (this.#result?.taken) return
    void this.#file?.abort()
  }
}

/** A file written in order, one write at a time. Named before there is an id: the COMMIT tells which message it is. */
class BodyFile {
  readonly name = randomUUID()
  readonly #spool: BodySpool
  #handle: FileHandle | undefined
  #queue: Uint8Array[] = []
  #waiting = 0
  #at = 0
  #running: Promise<void> | undefined
  #error: Error | undefined
  #aborted = false

  constructor(spool: BodySpool) {
    this.#spool = spool
  }
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#queue.push(chunk)
    this.#waiting += chunk.length
    this.#running ??= this.#pump()
    return this.#waiting > HIGH_WATER || this.#error ? this.#drained() : undefined
  }
  async #drained(): Promise<void> {
    await this.#running
    if (this.#error) throw this.#error
  }
  async #pump(): Promise<void> {
    try {
      this.#handle ??= await open(this.#spool.path(this.name), 'wx', 0o600)
      while (this.#queue.length > 0 && !this.#aborted) {
        const chunks = this.#queue.splice(0)
        const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
        await writeFully(this.#spool.io, this.#handle.fd, bytes, this.#at, 'body')
        this.#at += bytes.length
        this.#waiting -= bytes.length
      }
    } catch (error) {
      this.#error ??= error as Error
      this.#queue = []
    } finally {
      this.#running = undefined
    }
  }
  /** Durable, file and folder, when it resolves. */
  async end(): Promise<void> {
    try {
      this.#running ??= this.#pump()
      await this.#drained()
      await syncFully(this.#spool.io, this.#handle!.fd, 'body')
      await this.#handle!.close()
      this.#handle = undefined
      await this.#spool.syncFolder()
    } catch (error) {
      await this.abort()
      throw error
    }
  }
  async abort(): Promise<void> {
    this.#aborted = true
    await this.#running
    await this.#handle?.close().catch(() => undefined)
    this.#handle = undefined
    await this.#spool.remove(this.name)
  }
}
