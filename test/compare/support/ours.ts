/** Postern with a setting; what would leave it is written down. */
import { definePlugin, delivered, silent } from '@postern/core'
import type { Config } from '@postern/core'
import { startMta } from '@postern/testkit'
import type { TestMta } from '@postern/testkit'
import { z } from 'zod'
import { MYHOSTNAME } from './settings.ts'
import type { Setting } from './settings.ts'

export interface End {
  readonly recipient: string
  readonly transport: string
  readonly nexthop: string
  /** `5.1.1 why`: it went nowhere */
  readonly failure?: string
}
export interface Left {
  readonly sender: string
  readonly ends: readonly End[]
  /** lines, bytes as Latin-1; absent when nothing was delivered */
  readonly header?: readonly string[]
}
export interface Candidate {
  readonly mta: TestMta
  /** what became of the message that was `queued as` */
  message(id: string): Left | undefined
  stop(): Promise<void>
}
const TRANSPORTS = ['smtp', 'relay', 'local', 'error', 'discard']

export async function startOurs(setting: Setting): Promise<Candidate> {
  const seen = new Map<string, { sender: string; ends: End[]; header?: readonly string[] }>()
  const of = (id: string, sender: string) => {
    let known = seen.get(id)
    if (!known) seen.set(id, (known = { sender, ends: [] }))
    return known
  }
  const recorder = definePlugin({
    name: 'recorder',
    options: z.strictObject({}),
    apply(mta) {
      mta.report.tap(() => silent('written down'))
      for (const name of TRANSPORTS)
        mta.deliver(name, {
          deliver(job) {
            const lines = Buffer.from(job.header).toString('latin1').split('\r\n')
            of(job.messageId, job.envelope.sender).header = lines.slice(0, -1)
            return Promise.resolve(job.all(delivered('2.0.0', 'written down')))
          },
        })
      mta.on.attempted.tap(({ messageId, sender, recipient, transport, nexthop, outcome }) => {
        const failure = outcome.kind === 'delivered' ? undefined : `${outcome.esc} ${outcome.text}`
        of(messageId, sender).ends.push({ recipient, transport, nexthop, failure })
      })
    },
  })
  const config = {
    myhostname: MYHOSTNAME,
    ...setting.site,
    plugins: [
      {
        'listen-smtp': {
          host: '127.0.0.1',
          port: 0,
          smtpdPeernameLookup: false,
          smtpdSoftErrorLimit: 1e6,
          smtpdHardErrorLimit: 1e6,
          smtpdJunkCommandLimit: 1e6,
        },
      },
      'queue-journal',
      'lookup-inline',
      'lookup-regexp',
      recorder({}),
      'policy-relay',
      ...Object.entries(setting.use).map(([name, values]) => ({
        [name]: name === 'route-classes' ? { localTransport: 'local', relayTransport: 'relay', ...values } : values,
      })),
    ],
  } as Config
  const mta = await startMta(config)
  return { mta, message: (id) => seen.get(id), stop: () => mta.stop() }
}
