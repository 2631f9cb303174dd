import type { Connection } from '../connection.ts'
import { HELO_FIRST, NO_AUTHENTICATION } from '../replies.ts'

/** No mechanism is offered here. */
export const auth = (c: Connection): undefined =>
  c.refuse('auth', c.settings.heloRequired && !c.greeted ? HELO_FIRST : NO_AUTHENTICATION)
