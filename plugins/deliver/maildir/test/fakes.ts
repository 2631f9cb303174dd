/** A job, a call and an mta as the core makes them, as far as this plugin looks. */
import { noUsers, systemClock } from '@postern/core'
import type {
  BodySource,
  Call,
  Clock,
  Job,
  JobRecipient,
  Lookup,
  Outcome,
  Outcomes,
  Table,
  TableRef,
  Transport,
  UserDelivery,
} from '@postern/core'
import { fakeCall } from '@postern/testkit'
import plugin from '@postern/deliver-maildir'

export const recipient = (n: number, address: string, original = address): JobRecipient => ({ n, address, original })

export const bodyOf = (text: string | Uint8Array, inMemory = true, chunk = 65536): BodySource => {
  const bytes = Buffer.from(text as string)
  return {
    size: bytes.length,
    bytes: inMemory ? [bytes] : undefined,
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
    },
  }
}

export interface FakeJob extends Job {
  readonly outcomes: Map<number, Outcome>
  readonly errors: Map<number, unknown>
}
export function jobOf(
  recipients: readonly JobRecipient[],
  more: { header?: string | Uint8Array; body?: BodySource; sender?: string } = {},
): FakeJob {
  const outcomes = new Map<number, Outcome>()
  const errors = new Map<number, unknown>()
  const envelope = {
    sender: more.sender ?? 'a@b.example',
    origin: { kind: 'submit', by: 'test' },
    created: 0,
    smtputf8: false,
    marks: {},
    reason: 'test',
  } as const
  return {
    messageId: 'm1',
    envelope,
    header: Buffer.from((more.header ?? 'Subject: hello\r\n') as string),
    body: more.body ?? bodyOf('hello there\r\n'),
    transport: 'maildir',
    nexthop: 'vm.example',
    recipients,
    marks: { get: () => undefined },
    outcomes,
    errors,
    settle: (r, o) => void outcomes.set(r.n, o),
    async each(fn) {
      for (const r of recipients) {
        if (outcomes.has(r.n)) continue
        try {
          outcomes.set(r.n, await fn(r))
        } catch (error) {
          errors.set(r.n, error)
        }
      }
      return {} as Outcomes
    },
    all(o) {
      for (const r of recipients) if (!outcomes.has(r.n)) outcomes.set(r.n, o)
      return {} as Outcomes
    },
  }
}

export const callOf = (dry = false, signal = new AbortController().signal): Call => fakeCall({ signal, dry })

export interface Opened {
  readonly name: string
  readonly transport: Transport
  /** delivers and tells the outcomes, in order; `error` for one that threw */
  deliver(job: FakeJob, call?: Call): Promise<(Outcome | { kind: 'threw'; error: unknown })[]>
  stop(): Promise<void>
}

export type Tables = Record<string, (key: string) => Lookup>

/** Runs the plugin's `apply` with these options. */
export function open(
  options: object,
  tables: Tables = {},
  site: object = {},
  clock: Clock = systemClock,
  users: UserDelivery = noUsers,
): Opened {
  let registered: { name: string; transport: Transport } | undefined
  let stop: (() => unknown) | undefined
  const mta = {
    as: undefined,
    folder: '/nowhere',
    clock,
    users,
    site: { recipientDelimiter: '+', enableOriginalRecipient: true, messageSizeLimit: 10_240_000, ...site },
    table: (ref: TableRef): Table => ({
      name: `test:${String(ref.spec)}`,
      pattern: false,
      get: (key) => tables[String(ref.spec)]!(key),
    }),
    lifecycle: (l: { stop?: () => unknown }) => (stop = l.stop),
    deliver: (name: string, transport: Transport) => (registered = { name, transport }),
  }
  plugin.definition.apply(mta as never, plugin.definition.options.parse(options) as never, {})
  const { name, transport } = registered!
  return {
    name,
    transport,
    async deliver(job, call = callOf()) {
      await transport.deliver(job, call)
      return job.recipients.map((r) => job.outcomes.get(r.n) ?? { kind: 'threw', error: job.errors.get(r.n) })
    },
    stop: async () => void (await stop?.()),
  }
}
