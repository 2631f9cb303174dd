import type { Connection } from '../connection.ts'
import * as replies from '../replies.ts'
import { isBlank } from '../space.ts'

/** RFC 3207. What the client has pipelined behind it came in plain text and is dropped unread (section 5). */
export function starttls(c: Connection, argument: string): undefined {
  if (!isBlank(argument)) return c.refuse('starttls', replies.SYNTAX_STARTTLS)
  if (c.secure) return c.refuse('starttls', replies.TLS_ACTIVE)
  if (!c.offer.startTls) return c.refuse('starttls', replies.NOT_IMPLEMENTED)
  c.reply(replies.START_TLS)
  return void c.startTls()
}
