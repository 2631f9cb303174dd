/** The command: who may say it, when, and what is answered. Never how much mail there is, or whether there is any. */
import type { CommandReply, CommandView, Logger, MaybePromise } from '@postern/core'
import { reply } from '@postern/core'
import type { Answer } from './domains.ts'
import { parseSite } from './site.ts'
import { textOf } from './text.ts'

export interface Etrn {
  readonly log: Logger
  readonly heloRequired: boolean
  mayAsk(client: string): boolean
  served(domain: string): MaybePromise<Answer>
  /** in all workers */
  flush(domain: string): void
}

export async function etrn(view: CommandView, how: Etrn): Promise<CommandReply> {
  const words = view.argument.split(/\s+/).filter(Boolean)
  if (how.heloRequired && !view.session.helo) return say(503, 'Error: send HELO/EHLO first')
  if (view.transaction) return say(503, 'Error: MAIL transaction in progress')
  if (words.length !== 1) return say(500, 'Syntax: ETRN domain')
  const site = parseSite(words[0]!)
  if (!site) return say(501, 'Error: invalid parameter syntax')
  const {
    id: session,
    client: { address },
  } = view.session
  if (!how.mayAsk(address)) {
    how.log.warn('etrn.refused', { session, site: site.text, client: address, why: 'client' })
    return reply(554, '5.7.1', `<${site.text}>: Etrn command rejected: Access denied`)
  }
  const served = await how.served(site.domain)
  if (served === false) {
    how.log.warn('etrn.refused', { session, site: site.text, client: address, why: 'domain' })
    return say(459, `<${site.text}>: service unavailable`)
  }
  return served === true ? started(site.domain, address, how) : unable(served.cause, how)
}
function started(domain: string, client: string, how: Etrn): CommandReply {
  try {
    how.flush(domain)
  } catch (error) {
    return unable(textOf(error), how)
  }
  how.log.info('etrn.started', { site: domain, client })
  return say(250, 'Queuing started')
}
function unable(cause: string, how: Etrn): CommandReply {
  how.log.warn('etrn.failed', { cause })
  return say(458, 'Unable to queue messages')
}
const say = (code: number, text: string): CommandReply => reply(code, undefined, text)
