import type { Connection } from '../connection.ts'
import { BYE } from '../replies.ts'

/** Whatever stands behind it: who wants to go may go. */
export const quit = (c: Connection): undefined => void c.reply(BYE)
