import type { Connection } from '../connection.ts'
import { OK } from '../replies.ts'

/** RFC 5321 section 4.1.1.9: an argument is ignored. */
export const noop = (c: Connection): undefined => void c.reply(OK)
