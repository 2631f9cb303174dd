import type { Connection } from '../connection.ts'
import * as replies from '../replies.ts'
import type { WireReply } from '../replies.ts'
import { wordsOf } from '../space.ts'
import { after, refuses } from '../transaction.ts'
import type { Pending } from '../transaction.ts'

/** These could end a comment or a quoted string in a Received: header. */
const HARMFUL = /[\x00-\x1f\x7f<>()\\";@]/g // eslint-disable-line no-control-regex

export const helo = (c: Connection, argument: string): Pending =>
  hello(c, 'HELO', argument, c.settings.replies.helo, replies.SYNTAX_HELO)
export const ehlo = (c: Connection, argument: string): Pending =>
  hello(c, 'EHLO', argument, ehloOf(c), replies.SYNTAX_EHLO)
export const lhlo = (c: Connection, argument: string): Pending =>
  hello(c, 'LHLO', argument, ehloOf(c), replies.SYNTAX_LHLO)
const ehloOf = (c: Connection): WireReply => (c.secure ? c.offer.ehloSecure : c.offer.ehlo)

function hello(
  c: Connection,
  verb: 'HELO' | 'EHLO' | 'LHLO',
  argument: string,
  ok: WireReply,
  syntax: WireReply,
): Pending {
  const name = wordsOf(argument).join(' ').replace(HARMFUL, '?')
  if (name === '') return c.refuse('helo', syntax)
  // RFC 5321 section 4.1.4: a new HELO is a RSET too; the core resets its side itself
  return after(c.dialogue.helo(verb, name), (decision) => {
    if (refuses(decision)) return c.reply(decision)
    const said = decision ?? ok
    if (refuses(said)) return c.refuse('helo', said)
    c.endTransaction(false)
    c.greeted = true
    return c.reply(said)
  })
}
