/** What became of a message, of both sides in the same shape. */
import type { TrivialRewrite } from './attributes.ts'
import { RESOLVE } from './attributes.ts'
import type { Candidate } from './ours.ts'
import type { Judge } from './postfix.ts'
import type { Said } from './session.ts'

export interface Outcome {
  readonly replies: readonly string[]
  readonly sender?: string
  /** `address transport:nexthop`, sorted; in lower case */
  readonly ends?: readonly string[]
  /** fields as lines, in order */
  readonly header?: readonly string[]
}

const repliesOf = (said: Said): string[] => [said.mail, ...said.rcpt, said.end ?? '']

export async function outcomeOfTheirs(said: Said, judge: Judge, rewriter: TrivialRewrite): Promise<Outcome> {
  const replies = repliesOf(said)
  if (said.id === undefined) return { replies }
  const { sender, recipients, header } = judge.message(said.id)
  const ends: string[] = []
  for (const recipient of recipients) {
    const way = await rewriter.resolve(sender, recipient)
    if (way.flags & RESOLVE.fail) ends.push(`${recipient} fails`)
    // qmgr(8): bounced without being routed
    else if (way.flags & RESOLVE.error) ends.push(`${way.recipient} error:5.1.3 bad address syntax`)
    else ends.push(`${way.recipient} ${way.transport}:${way.nexthop}`)
  }
  return { replies, sender, ends: unique(ends), header: fieldsOf(header) }
}

export function outcomeOfOurs(said: Said, ours: Candidate): Outcome {
  const replies = repliesOf(said)
  if (said.id === undefined) return { replies }
  const left = ours.message(said.id)
  if (!left) return { replies, sender: 'nothing left' }
  const ends = left.ends.map(({ recipient, transport, nexthop, failure }) =>
    failure === undefined
      ? `${internal(recipient)} ${transport}:${nexthop}`
      : `${internal(recipient)} error:${failure}`,
  )
  return { replies, sender: internal(left.sender), ends: unique(ends), header: left.header && fieldsOf(left.header) }
}

/** Who leads to the same mailbox as another is not delivered to twice; ours tells its outcome all the same. */
const unique = (ends: readonly string[]): string[] => [...new Set(ends.map((end) => end.toLowerCase()))].sort()

/** As Postfix has it in its queue: unquoted. */
const internal = (address: string): string => {
  const at = address.lastIndexOf('@')
  const local = at < 0 ? address : address.slice(0, at)
  const text = local.startsWith('"') ? local.slice(1, -1).replace(/\\(.)/gs, '$1') : local
  return Buffer.from(`${text}${at < 0 ? '' : address.slice(at)}`, 'utf8').toString('latin1')
}
/** Without trace fields; what has the time in it is masked. */
function fieldsOf(lines: readonly string[]): string[] {
  const all: string[] = []
  for (const line of lines) {
    if (/^[ \t]/.test(line)) all[all.length - 1] += `\n${line}`
    else all.push(line)
  }
  return all
    .filter((field) => !/^Received:/.test(field))
    .map((field) => field.replace(/^((?:Resent-)?(?:Message-Id|Date):).*/s, '$1 @'))
}
