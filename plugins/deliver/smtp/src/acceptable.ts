/** What a server cannot take by what it says and offers: the message fails before it is offered, in Postfix's words. */
import type { Failed, Job } from '@postern/core'
import { isUtf8 } from '@postern/core'
import type { Connection } from './connection.ts'
import type { MessageFacts } from './envelope.ts'
import { ours } from './outcome.ts'
import type { Settings } from './settings.ts'

/** `undefined`: it may be offered. */
export function refusalOf(
  connection: Connection,
  job: Job,
  facts: MessageFacts,
  settings: Settings,
): Failed | undefined {
  const { features, peer: server } = connection
  const at = ours(server)
  const canLoop = settings.protocol === 'smtp' && server.port === settings.hosts.loopPort
  if (server.best && canLoop && features.name.toLowerCase() === settings.myhostname.toLowerCase())
    return { kind: 'failed', esc: '5.4.6', text: `mail for ${job.nexthop} loops back to myself`, ...at }
  // one address that needs it is enough: it is the message that is declared so (RFC 6531 section 3.4)
  const utf8 = facts.utf8 || job.recipients.some((r) => isUtf8(facts.addressOf(r)))
  if (utf8 && !features.utf8)
    return {
      kind: 'failed',
      esc: '5.6.7',
      text: `SMTPUTF8 is required, but was not offered by host ${server.name}`,
      ...at,
    }
  if (!features.size || facts.size <= features.size) return undefined
  const text = `message size ${facts.size} exceeds size limit ${features.size} of server ${server.name}`
  return { kind: 'failed', esc: '5.3.4', text, ...at }
}
