/** An mta as the core makes it, as far as this plugin looks, and a helper that writes down what it is asked. */
import { fakeCall, job } from '@postern/testkit'
import type { JobSpec } from '@postern/testkit'
import type { Outcome, Transport, UserContent, UserDelivery, UserOutcome, UserRequest } from '@postern/core'
import plugin from '@postern/deliver-mbox'

export interface Asked {
  readonly request: UserRequest
  readonly text: string
}
export type Answer = UserOutcome | Error
export interface FakeUsers extends UserDelivery {
  readonly asked: Asked[]
}
export const DONE: UserOutcome = { kind: 'delivered', esc: '2.0.0', text: 'delivered to mailbox' }

/** `answer`: the same for all, or one for each request. */
export function fakeUsers(answer: Answer | ((request: UserRequest) => Promise<Answer>) = DONE): FakeUsers {
  const asked: Asked[] = []
  return {
    asked,
    async find(name) {
      if (name === 'ldap') return { kind: 'failed', cause: 'no server' }
      if (name === 'nobody-at-all') return { kind: 'absent' }
      return { kind: 'found', user: { name, uid: 1000, gid: 1000, home: '/home/x', shell: '' } }
    },
    async deliver(request, content) {
      asked.push({ request, text: await textOf(content) })
      const said = typeof answer === 'function' ? await answer(request) : answer
      if (said instanceof Error) throw said
      return said
    },
  }
}
async function textOf(content: UserContent): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of content.stream()) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

export interface Opened {
  readonly name: string
  readonly transport: Transport
  /** the outcomes by address */
  deliver(spec: JobSpec, dry?: boolean): Promise<Record<string, Outcome>>
}
/** Runs the plugin's `apply` with these options. */
export function open(options: object, users: UserDelivery, as?: string): Opened {
  let registered: { name: string; transport: Transport } | undefined
  const mta = {
    as,
    folder: '/etc/postern',
    users,
    site: { recipientDelimiter: '+', enableOriginalRecipient: true, messageSizeLimit: 10_240_000 },
    deliver: (name: string, transport: Transport) => (registered = { name, transport }),
  }
  plugin.definition.apply(mta as never, plugin.definition.options.parse(options) as never, {})
  const { name, transport } = registered!
  return {
    name,
    transport,
    async deliver(spec, dry = false) {
      const j = job(spec)
      await transport.deliver(j, fakeCall({ dry }))
      return Object.fromEntries(j.outcomes())
    },
  }
}
