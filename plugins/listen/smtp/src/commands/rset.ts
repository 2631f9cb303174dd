import type { Connection } from '../connection.ts'
import * as replies from '../replies.ts'
import { isBlank } from '../space.ts'

export function rset(c: Connection, argument: string): undefined {
  if (!isBlank(argument)) return c.refuse('rset', replies.SYNTAX_RSET)
  c.endTransaction(true)
  return void c.reply(replies.OK)
}
