/** Writes one file of the drop folder. */
import { closeSync, fchmodSync, fstatSync, fsyncSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { constants, statfsSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { EX, Fatal } from './fatal.ts'
import { ENVELOPE_LIMIT, FINISHED, UNFINISHED, crc32, trailer } from './format.ts'
import type { DropEnvelope } from './format.ts'

/** bytes that are gathered before a file is made: a call that is interrupted while it reads usually leaves none behind */
const GATHER = 1024 * 1024
/** bytes at the message's beginning that are kept for who asks what the header says */
const FRONT = 1024 * 1024

/** ext2 to ext4, XFS, btrfs: fsync of a file makes its creation and its last name durable with it. */
const SYNCS_NAMES = new Set([0xef53, 0x58465342, 0x9123683e])

/** characters of an id that are told */
const TOLD = 13
/** bytes that Postfix's file has beside message and addresses, about */
const RECORDS = 60

/** Ends with the words that Postfix has for it. */
export class TooBig extends Fatal {
  constructor() {
    super('message file too big')
  }
}

export class DropWriter {
  readonly #folder: string
  readonly #limit: number
  #fd: number | undefined
  readonly #id: string
  #gathered: Buffer[] = []
  #waiting = 0
  #crc = 0
  #length = 0
  #front: Buffer[] = []

  /** `limit`: bytes the message may have; 0: any. Throws Fatal when there is no folder. */
  constructor(spool: string, limit: number) {
    this.#folder = join(spool, 'drop')
    this.#limit = limit
    this.#id = newId()
  }
  get length(): number {
    return this.#length
  }
  /** the beginning of the message, and whether that is all of it */
  get front(): { bytes: Buffer; complete: boolean } {
    return { bytes: Buffer.concat(this.#front), complete: this.#length <= FRONT }
  }
  /** the beginning of the id, for people: files in the folder and the log's lines of them begin with it */
  get told(): string {
    return this.#id.slice(0, TOLD)
  }
  /** Throws Fatal when it cannot be written; nothing is left behind then. What is too big is told at the end. */
  write(text: string): void {
    if (text === '') return
    const bytes = Buffer.from(text, 'latin1')
    if (this.#length < FRONT) this.#front.push(bytes.subarray(0, FRONT - this.#length))
    this.#length += bytes.length
    if (this.#limit > 0 && this.#length > this.#limit) return this.discard()
    this.#crc = crc32(bytes, this.#crc)
    this.#gathered.push(bytes)
    this.#waiting += bytes.length
    if (this.#waiting >= GATHER) this.#flush()
  }
  /**
   * Durable when it resolves: data, and the name in the folder. The id that the file has. Rejects with TooBig for a message above
   * the limit, the recipients counted with it.
   * The name is given before the sync: one sync is enough for both, and what a crash leaves half written has no footer.
   */
  async finish(envelope: DropEnvelope): Promise<string> {
    if (this.#limit > 0 && this.#length + sizeOf(envelope) > this.#limit) throw this.#failed(new TooBig())
    const end = Buffer.from(trailer(envelope, this.#length, this.#crc))
    if (end.length > ENVELOPE_LIMIT) throw this.#failed(new Fatal('the recipients are too long in all'))
    this.#gathered.push(end)
    this.#flush()
    const fd = this.#fd!
    try {
      letDaemonRead(fd, this.#folder)
      renameSync(this.#path(UNFINISHED), this.#path(FINISHED))
      fsyncSync(fd)
      closeSync(fd)
    } catch (error) {
      throw this.#failed(error)
    }
    this.#fd = undefined
    await syncFolder(this.#folder)
    return this.#id
  }
  discard(): void {
    this.#gathered = []
    this.#waiting = 0
    if (this.#fd === undefined) return
    closeSync(this.#fd)
    this.#fd = undefined
    for (const kind of [UNFINISHED, FINISHED]) {
      try {
        unlinkSync(this.#path(kind))
      } catch {
        // it has the other name, or the daemon has taken it
      }
    }
  }
  #path(kind: string): string {
    return join(this.#folder, kind + this.#id)
  }
  #flush(): void {
    try {
      // O_EXCL follows no link; 0600 until it is finished
      this.#fd ??= openSync(this.#path(UNFINISHED), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
      const bytes = Buffer.concat(this.#gathered)
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at)
    } catch (error) {
      throw this.#failed(error)
    }
    this.#gathered = []
    this.#waiting = 0
  }
  #failed(error: unknown): Fatal {
    this.discard()
    if (error instanceof Fatal) return error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES')
      return new Fatal(`${this.#folder}: ${message} (has postern ever run on this spool, and may everybody enter it?)`)
    return new Fatal(`queue file write error: ${message}`)
  }
}

/**
 * The folder is set-group-ID, so that the file has the daemon's group: it may read it, and nobody else. Where that does not
 * work (a filesystem without it) the name, which nobody can list, keeps others out.
 */
function letDaemonRead(fd: number, folder: string): void {
  fchmodSync(fd, fstatSync(fd).gid === statSync(folder).gid ? 0o640 : 0o644)
}

/** Who may not list a folder may not open it, and so cannot sync it: then the filesystem as a whole is synced. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
    fsyncSync(fd)
    closeSync(fd)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw new Fatal((error as Error).message)
    if (!SYNCS_NAMES.has(statfsSync(folder).type)) await syncFilesystem(folder)
  }
}
async function syncFilesystem(folder: string): Promise<void> {
  const { spawnSync } = await import('node:child_process')
  const { status, error } = spawnSync('sync', ['-f', join(folder, '..', 'drop.json')])
  if (status !== 0) throw new Fatal(`${folder} cannot be synced${error ? `: ${error.message}` : ''}`, EX.TEMPFAIL)
}

/** Bytes of the envelope, as message_size_limit counts them: it is for Postfix's file as a whole. */
const sizeOf = ({ sender, recipients }: DropEnvelope): number =>
  recipients.reduce((n, r) => n + Buffer.byteLength(typeof r === 'string' ? r : r.address) + 2, RECORDS + sender.length)

/** Ascending with time, and with 96 bits that nobody guesses. */
function newId(): string {
  const random = Buffer.alloc(12)
  const fd = openSync('/dev/urandom', 'r')
  readSync(fd, random)
  closeSync(fd)
  return `${Date.now().toString(36)}${random.toString('hex')}`
}
