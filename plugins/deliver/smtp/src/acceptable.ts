/** What a server cannot take by what it says and offers: the message fails before it is offered, in Postfix's words. */
import type { Failed, Job, JobRecipient } from '@postern/core'
import { isUtf8 } from '@postern/core'
import type { Connection } from './connection.ts'
import type { MessageFacts } from './envelope.ts'
import { ours } from './outcome.ts'
import type { Settings } from './settings.ts'

/** Whom it cannot take, and why: one after the other, each for those that are left. */
export interface Refusal {
  readonly outcome: Failed
  of(recipient: JobRecipient): boolean
}
const all = (): boolean => true

export function refusals(
  connection: Connection,
  job: Job,
  facts: MessageFacts,
  settings: Settings,
): readonly Refusal[] {
  const { features, peer: server } = connection
  const canLoop = settings.protocol === 'smtp' && server.port === settings.hosts.loopPort
  if (server.best && canLoop && features.name.toLowerCase() === settings.myhostname.toLowerCase()) {
    const text = `mail for ${job.nexthop} loops back to myself`
    return [{ of: all, outcome: { kind: 'failed', esc: '5.4.6', text, ...ours(server) } }]
  }
  const refused: Refusal[] = []
  const needs = (r: JobRecipient): boolean => isUtf8(facts.addressOf(r))
  if (!features.utf8 && (facts.utf8 || job.recipients.some(needs))) {
    const text = `SMTPUTF8 is required, but was not offered by host ${server.name}`
    const outcome: Failed = { kind: 'failed', esc: '5.6.7', text, ...ours(server) }
    refused.push({ of: facts.utf8 || settings.smtputf8ForAll ? all : needs, outcome })
  }
  if (features.size && facts.size > features.size) {
    const text = `message size ${facts.size} exceeds size limit ${features.size} of server ${server.name}`
    refused.push({ of: all, outcome: { kind: 'failed', esc: '5.3.4', text, ...ours(server) } })
  }
  return refused
}
