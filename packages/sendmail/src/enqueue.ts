/** The usual call: a message on standard input, into the drop folder. */
import { addressesOf } from './address-list.ts'
import { DropWriter, TooBig } from './drop.ts'
import { EX, Fatal } from './fatal.ts'
import type { Flags } from './flags.ts'
import { ADDRESS_LIMIT, NAME_LIMIT, RECIPIENTS_LIMIT, VERIFY_LIMIT } from './format.ts'
import type { DropEnvelope } from './format.ts'
import { MessageLines, headerFields, readChunk } from './input.ts'
import { siteFacts } from './place.ts'
import type { Place, SiteFacts } from './place.ts'
import { currentUser, isAuthorized } from './user.ts'
import type { User } from './user.ts'

/** Rejects with Fatal; when it resolves the message is durable. */
export async function enqueue(flags: Flags, { spool, postfix }: Place, warn: (text: string) => void): Promise<void> {
  const user = currentUser()
  const facts = mayHere(user, spool)
  const sender = senderOf(flags, user, warn)
  if (flags.verp) throw new Fatal('-XV: this mail system has no variable envelope return paths', EX.UNAVAILABLE)
  const writer = new DropWriter(spool, facts.messageSizeLimit)
  try {
    // as in Postfix: nobody is to get a message, so none is read
    if (!flags.verify) copy(writer, flags.dotEnds)
    const recipients = [
      ...flags.args.flatMap((text) =>
        postfix !== undefined && NOBODY.test(text) ? ['MAILER-DAEMON'] : addressesOf(text),
      ),
      ...(flags.fromHeader ? headerRecipients(writer, who(user)) : []),
    ]
    if (recipients.length === 0)
      throw new Fatal(
        flags.fromHeader
          ? `${who(user)}: No recipient addresses found in message header`
          : `${who(user)}: Recipient addresses must be specified on the command line or via the -t option`,
      )
    checkSizes(sender, recipients, flags.verify ? VERIFY_LIMIT : RECIPIENTS_LIMIT)
    if (flags.verify) writer.write(probe(sender, recipients.map(clean)))
    await writer.finish({ sender, recipients: recipients.map(clean), ...envelopeOf(flags) })
  } catch (error) {
    writer.discard()
    throw error instanceof TooBig ? tooBig(user, postfix !== undefined, warn) : error
  }
  if (flags.report || flags.verify) process.stdout.write(`Mail Delivery Status Report will be mailed to <${sender}>.\n`)
}

/** Postfix's two programs each say something of it. */
function tooBig(user: User, isPostfix: boolean, warn: (text: string) => void): Fatal {
  if (isPostfix) {
    process.stderr.write(`postdrop: warning: uid=${user.uid}: File too large\n`)
    warn('warning: mail_stream_cleanup: close error')
  }
  return new Fatal(`${who(user)}: message file too big`)
}

/** Throws Fatal when nobody has made a drop folder here, or this user may not submit. */
export function mayHere(user: User, spool: string): SiteFacts {
  const facts = siteFacts(spool)
  if (!facts) throw new Fatal(`${spool}: no postern with a drop folder has ever run on this spool`)
  // said here for the user's sake: what counts is the daemon's check of the file's owner
  if (!isAuthorized(facts.authorizedSubmitUsers, user.login, user.uid))
    throw new Fatal(`User ${user.login}(${user.uid}) is not allowed to submit mail`)
  return facts
}

/** What the daemon would not take is refused while there is somebody who can be told. */
function checkSizes(sender: string, recipients: readonly string[], limit: number): void {
  if (recipients.length > limit) throw new Fatal(`more than ${limit} recipients`)
  const long = [sender, ...recipients].find((address) => address.length > ADDRESS_LIMIT)
  if (long !== undefined) throw new Fatal(`address of more than ${ADDRESS_LIMIT} characters: ${long.slice(0, 40)}...`)
}

/** The header of the message that stands for the addresses, as Postfix writes it; bytes, one a character. */
const probe = (sender: string, recipients: readonly string[]): string =>
  Buffer.from(`From: ${sender}\r\nSubject: probe\r\nTo:\t${recipients.join(',\r\n\t')}\r\n\r\n`).toString('latin1')

/** For Postfix an address of nothing is its own. */
const NOBODY = /^\s*(?:<\s*>\s*)?$/
const who = (user: User): string => `${user.login}(${user.uid})`
/** A control character would not be an address for anybody. */
const clean = (address: string): string => address.replace(/[\x00-\x1f\x7f]/g, '?') // eslint-disable-line no-control-regex

function senderOf(flags: Flags, user: User, warn: (text: string) => void): string {
  if (flags.sender === undefined) return user.login
  const found = addressesOf(flags.sender)
  const bare = flags.sender.trim()
  if (found.length > 1 || (found.length === 0 && bare !== '' && bare !== '<>'))
    warn(`warning: -f option specified malformed sender: ${flags.sender}`)
  return clean(found[0] ?? '')
}

function envelopeOf(flags: Flags): Omit<DropEnvelope, 'sender' | 'recipients'> {
  const fullName = (flags.fullName ?? (process.env.NAME || undefined))?.slice(0, NAME_LIMIT)
  return {
    fullName,
    notify: flags.notify,
    report: flags.report || undefined,
    ret: flags.ret,
    envid: flags.envid,
    body: flags.body,
    gateway: flags.gateway || undefined,
    verify: flags.verify || undefined,
  }
}

function copy(writer: DropWriter, dotEnds: boolean): void {
  const lines = new MessageLines(dotEnds)
  const buffer = Buffer.allocUnsafe(65_536)
  for (let chunk = readChunk(0, buffer); chunk && !lines.ended; chunk = readChunk(0, buffer)) {
    writer.write(lines.push(chunk))
    if (lines.ended) return
  }
  writer.write(lines.end())
}

/** To, Cc and Bcc; the Resent- ones alone where there are any (RFC 5322 section 3.6.6). */
function headerRecipients(writer: DropWriter, from: string): string[] {
  const { bytes, complete } = writer.front
  const fields = headerFields(bytes, complete)
  if (!fields) throw new Fatal(`${from}: unable to extract recipients: message header length exceeds safety limit`)
  const of = (names: RegExp) => fields.filter((f) => names.test(f.name)).map((f) => addressesOf(f.value))
  const resent = of(/^resent-(?:to|cc|bcc)$/)
  return (resent.length > 0 ? resent : of(/^(?:to|cc|bcc)$/)).flat()
}
