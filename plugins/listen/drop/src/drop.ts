/** The drop folder's files into the queue. The queue has a message before its file goes: a crash between repeats it, none loses it. */
import { lstat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { AddressRewriter, MessageDraft, Mta } from '@postern/core'
import { ENVELOPE_LIMIT, UNFINISHED, isAuthorized } from '@postern/sendmail'
import { bounceOf, toldOf } from './bounce.ts'
import type { Submission } from './complete.ts'
import type { DropFolder } from './folder.ts'
import { envelopeOf, messageOf } from './message.ts'
import type { Envelope, Here } from './message.ts'
import type { Options } from './options.ts'
import { Passwd } from './passwd.ts'
import type { Account } from './passwd.ts'
import { readFile } from './read.ts'
import type { Found } from './read.ts'
import { Rubbish } from './rubbish.ts'
import { verdictOf } from './submit.ts'
import type { Refusal } from './submit.ts'

/** what a call that died has left is removed when it is this old (ms) */
const STALE = 86_400_000
/** bytes a message may have where the site has no limit: it is in memory while it is picked up */
const NO_LIMIT = 512 * 1024 * 1024

type Mail = Extract<Found, { kind: 'mail' }>

export class Drop {
  readonly #mta: Mta
  readonly #options: Options
  readonly #folder: string
  readonly #passwd = new Passwd()
  readonly #rubbish: Rubbish
  /** done, but the file could not be removed: its inode */
  readonly #done = new Map<string, bigint>()
  readonly #here: Here
  #current: Submission | undefined

  constructor(mta: Mta, options: Options, folder: DropFolder, rewriter?: AddressRewriter) {
    this.#mta = mta
    this.#options = options
    const autodetect = options.smtputf8AutodetectClasses.some((c) => c === 'sendmail' || c === 'all')
    this.#here = { myorigin: mta.site.myorigin, rewriter, autodetect }
    this.#folder = folder.path
    this.#rubbish = new Rubbish(folder, options.corruptLimit, mta.log, mta.clock)
  }
  /** Its draft is in cleanup: told here, as its id comes first in the log by this. */
  pickedUp(id: string): void {
    const { uid, from, file } = this.#current!
    this.#mta.log.info('drop.pickup', { id, uid, from, file })
  }
  /** whose draft is in cleanup now */
  get current(): Submission | undefined {
    return this.#current
  }
  /** A finished file; `true` when it has left the folder. */
  async mail(name: string): Promise<boolean> {
    try {
      return await this.#take(name)
    } catch (cause) {
      // one file that cannot be read must not keep the others
      this.#rubbish.warn('drop.failed', { file: name, cause })
      return false
    }
  }
  /** A name that is no finished file: one being written, or rubbish. */
  async other(name: string): Promise<void> {
    if (name === 'corrupt') return
    const seen = await lstat(join(this.#folder, name)).catch(() => undefined)
    if (!seen) return
    const ours = name.startsWith(UNFINISHED) && seen.isFile()
    if (ours && this.#mta.clock.now() - seen.mtimeMs <= STALE) return
    const why = ours ? 'left unfinished a day ago' : 'not a file of the sendmail command'
    await this.#rubbish.junk(name, { why, uid: seen.uid, folder: seen.isDirectory() })
  }

  async #take(name: string): Promise<boolean> {
    const limit = this.#mta.site.messageSizeLimit
    const found = await readFile(join(this.#folder, name), (limit || NO_LIMIT) + ENVELOPE_LIMIT)
    if (found.kind === 'gone') return false
    if (found.kind === 'junk') return this.#rubbish.junk(name, found)
    const corrupt = (why: string) => this.#rubbish.corrupt(name, found.uid, why)
    if (found.kind === 'corrupt') return corrupt(found.why)
    if (this.#done.get(name) === found.inode) return this.#remove(name, found.inode)
    const account = await this.#passwd.account(found.uid)
    if (!isAuthorized(this.#options.authorizedSubmitUsers, account?.login ?? 'unknown', found.uid))
      return corrupt('this user is not allowed to submit mail')
    const envelope = envelopeOf(found.file)
    if (!envelope) return corrupt('its envelope is not one of the sendmail command')
    if (limit > 0 && found.file.content.length > limit) return corrupt(`message file too big: more than ${limit} bytes`)
    const outcome = await this.#submit(name, found, envelope, account)
    if (outcome === 'later') return false
    if (outcome !== 'done') return corrupt(outcome.why)
    this.#done.set(name, found.inode)
    return this.#remove(name, found.inode)
  }

  async #submit(name: string, found: Mail, envelope: Envelope, account: Account | undefined): Promise<Outcome> {
    const { uid } = found
    const message = messageOf(envelope, found.file.content, this.#here)
    const fullName = envelope.fullName ?? account?.fullName ?? ''
    this.#current = { uid, fullName, gateway: envelope.gateway ?? false, from: envelope.sender, file: name }
    const verdict = await verdictOf(this.#mta.submit(message)).finally(() => (this.#current = undefined))
    const from = message.sender
    switch (verdict.kind) {
      case 'later':
        this.#rubbish.warn('drop.deferred', { file: name, uid, from, cause: verdict.cause })
        return 'later'
      case 'unusable':
        return { why: verdict.why }
      case 'refused':
        return this.#sendBack(name, uid, message, verdict.refusal)
      case 'queued':
        return 'done'
    }
  }
  async #sendBack(name: string, uid: number, message: MessageDraft, refusal: Refusal): Promise<Outcome> {
    const from = message.sender
    this.#rubbish.warn('drop.refused', { file: name, uid, from, ...refusal })
    if (from === '') return { why: `refused, and nobody is to be told: ${refusal.text}` }
    // as in Postfix: who asked for silence (RFC 3461 section 4.1) gets it
    if (toldOf(message).length === 0) return 'done'
    const bounce = bounceOf({ message, refusal, now: this.#mta.clock.now() }, this.#mta.site)
    return this.#report(name, bounce)
  }
  async #report(name: string, report: MessageDraft): Promise<Outcome> {
    const sent = await verdictOf(this.#mta.submit(report, { kind: 'bounce', of: name }))
    if (sent.kind === 'queued') return 'done'
    return sent.kind === 'later' ? 'later' : { why: 'the report of it was refused' }
  }

  async #remove(name: string, inode: bigint): Promise<boolean> {
    const path = join(this.#folder, name)
    // its owner may have put another one in its place
    const there = await lstat(path, { bigint: true }).catch(() => undefined)
    try {
      if (there?.ino === inode) await unlink(path)
    } catch (cause) {
      this.#mta.log.error('drop.unremovable', { file: name, cause })
      return false
    }
    this.#done.delete(name)
    return true
  }
}
/** `later`: the file stays as it is; `why`: it is kept aside */
type Outcome = 'done' | 'later' | { readonly why: string }
