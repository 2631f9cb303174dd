/** A delivery job for transports. */
import { deferred } from '@postern/core'
import type { BodySource, Envelope, Job, JobRecipient, Json, Outcome, Outcomes } from '@postern/core'
import { splitMessage } from './message.ts'
import { fakeMarks } from './slots.ts'
import { ORIGIN } from './views.ts'

export interface JobSpec {
  readonly recipients?: readonly (string | Partial<JobRecipient>)[]
  /** header, empty line, body */
  readonly message?: string
  readonly transport?: string
  /** default: the first recipient's domain */
  readonly nexthop?: string
  readonly envelope?: Partial<Envelope>
  readonly marks?: Readonly<Record<string, Json>>
  /** the body breaks off here with an error: bytes; as a damaged message does */
  readonly damagedAt?: number
}
export interface FakeJob extends Job {
  /** what is known so far, by recipient address */
  outcomes(): ReadonlyMap<string, Outcome>
}

const DONE = {} as Outcomes

export function job(spec: JobSpec = {}): FakeJob {
  const recipients = (spec.recipients ?? ['user@remote.example']).map(recipient)
  const { header, body } = splitMessage(spec.message ?? 'Subject: test\n\nbody\n')
  const outcomes = new Map<string, Outcome>()
  const settle = (r: JobRecipient, outcome: Outcome) => {
    if (outcomes.has(r.address)) throw new Error(`${r.address} has its outcome already`)
    outcomes.set(r.address, outcome)
  }
  return {
    messageId: 'MSG0000000001',
    envelope: {
      sender: 'sender@client.example',
      origin: ORIGIN,
      created: Date.UTC(2030, 0, 1),
      smtputf8: false,
      marks: spec.marks ?? {},
      reason: 'test',
      ...spec.envelope,
    },
    header: Buffer.from(header),
    body: bodySource(body, spec.damagedAt),
    transport: spec.transport ?? 'test',
    nexthop: spec.nexthop ?? recipients[0]!.address.replace(/^.*@/, ''),
    recipients,
    marks: fakeMarks(spec.marks),
    settle,
    async each(fn) {
      for (const r of recipients) {
        if (outcomes.has(r.address)) continue
        settle(r, await attempt(() => fn(r)))
      }
      return DONE
    },
    all(outcome) {
      for (const r of recipients) if (!outcomes.has(r.address)) outcomes.set(r.address, outcome)
      return DONE
    },
    outcomes: () => outcomes,
  }
}

const attempt = async (fn: () => Outcome | Promise<Outcome>): Promise<Outcome> => {
  try {
    return await fn()
  } catch (error) {
    return asDeferred(error)
  }
}
const asDeferred = (error: unknown): Outcome =>
  deferred('4.3.0', error instanceof Error ? error.message : String(error), { cause: error })

function recipient(r: string | Partial<JobRecipient>, n: number): JobRecipient {
  const given = typeof r === 'string' ? { address: r } : r
  const address = given.address ?? `user${n}@remote.example`
  return { n, address, original: address, ...given }
}

/** A body as a queue store hands it out; `damagedAt` makes its stream throw after so many bytes. */
export function bodySource(text: string, damagedAt?: number): BodySource {
  const bytes = Buffer.from(text.replace(/\r?\n/g, '\r\n'))
  return {
    size: bytes.length,
    bytes: damagedAt === undefined ? [bytes] : undefined,
    async *stream() {
      if (damagedAt === undefined) yield bytes
      else {
        yield bytes.subarray(0, damagedAt)
        throw new Error('the stored body is damaged')
      }
    },
  }
}
