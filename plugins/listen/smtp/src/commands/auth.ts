import type { Connection } from '../connection.ts'
import { NO_AUTHENTICATION } from '../replies.ts'

/** No mechanism is offered here. */
export const auth = (c: Connection): undefined => c.refuse('auth', NO_AUTHENTICATION)
