/** Views for taps, with sensible defaults: name only what the test is about. */
import { addressOf } from '@postern/core'
import type {
  AttemptView,
  Client,
  CommandView,
  DataView,
  Json,
  MailAddress,
  MailParameters,
  MailView,
  Origin,
  RcptParameters,
  RcptView,
  ReportRecipient,
  ReportView,
  ResolveView,
  SessionView,
} from '@postern/core'
import { headerView, splitMessage } from './message.ts'
import { FakeSlots, fakeMarks } from './slots.ts'

export const ORIGIN: Origin = { kind: 'smtp', listener: 'smtp', session: 'session-1' }
const address = (a: string | MailAddress): MailAddress => (typeof a === 'string' ? addressOf(a) : a)

export interface SessionSpec extends Partial<Omit<SessionView, 'client' | 'helo' | 'auth'>> {
  readonly client?: Partial<Client>
  /** the name, said with EHLO; `null`: nothing was said yet */
  readonly helo?: string | SessionView['helo'] | null
  /** the user, logged in with PLAIN */
  readonly auth?: string | SessionView['auth']
}
/** A client from 192.0.2.1 (client.example) that has said EHLO. */
export function sessionView(spec: SessionSpec = {}): SessionView {
  const { client, helo = 'client.example', auth, ...rest } = spec
  const name = client?.name ?? 'client.example'
  const protocol = rest.protocol ?? 'smtp'
  return {
    id: 'session-1',
    listener: protocol,
    server: { address: '127.0.0.1', port: 25 },
    slots: new FakeSlots(),
    ...rest,
    protocol,
    client: { address: '192.0.2.1', port: 50_000, name, reverseName: name, ...client },
    helo: typeof helo === 'string' ? { verb: protocol === 'lmtp' ? 'LHLO' : 'EHLO', name: helo } : (helo ?? undefined),
    auth: typeof auth === 'string' ? { user: auth, mechanism: 'PLAIN' } : auth,
  }
}

export interface MailSpec {
  readonly session?: SessionView | SessionSpec
  /** default sender@client.example; `''` is the null sender */
  readonly sender?: string | MailAddress
  /** as the client gave it; default: the same */
  readonly senderGiven?: string | MailAddress
  readonly parameters?: MailParameters
  readonly marks?: Readonly<Record<string, Json>>
}
export function mailView(spec: MailSpec = {}): MailView {
  const session = isSession(spec.session) ? spec.session : sessionView(spec.session)
  const sender = address(spec.sender ?? 'sender@client.example')
  return {
    session,
    sender,
    senderGiven: spec.senderGiven === undefined ? sender : address(spec.senderGiven),
    parameters: spec.parameters ?? {},
    slots: new FakeSlots(session.slots instanceof FakeSlots ? session.slots : undefined),
    marks: fakeMarks(spec.marks),
  }
}

export interface RcptSpec extends MailSpec {
  /** the open transaction; instead of session, sender, parameters and marks */
  readonly mail?: MailView
  /** default user@site.example */
  readonly recipient?: string | MailAddress
  /** as the client gave it; default: the same */
  readonly recipientGiven?: string | MailAddress
  readonly recipientParameters?: RcptParameters
  readonly accepted?: readonly (string | MailAddress)[]
}
export const rcptView = (spec: RcptSpec = {}): RcptView => ({
  ...(spec.mail ?? mailView(spec)),
  recipient: address(spec.recipient ?? 'user@site.example'),
  recipientGiven: address(spec.recipientGiven ?? spec.recipient ?? 'user@site.example'),
  recipientParameters: spec.recipientParameters ?? {},
  accepted: (spec.accepted ?? []).map(address),
})
export const dataView = (spec: Omit<RcptSpec, 'recipient' | 'recipientParameters'> = {}): DataView => ({
  ...(spec.mail ?? mailView(spec)),
  accepted: (spec.accepted ?? ['user@site.example']).map(address),
})

export interface ResolveSpec extends Partial<Omit<ResolveView, 'recipient' | 'marks'>> {
  readonly recipient?: string | MailAddress
  readonly marks?: Readonly<Record<string, Json>>
}
export function resolveView(spec: ResolveSpec = {}): ResolveView {
  const recipient = address(spec.recipient ?? 'user@site.example')
  return {
    messageId: 'MSG0000000001',
    sender: 'sender@client.example',
    original: recipient.text,
    ancestors: [],
    final: false,
    origin: ORIGIN,
    ...spec,
    recipient,
    marks: fakeMarks(spec.marks),
  }
}

export type AttemptSpec = Partial<Omit<AttemptView, 'marks'>> & { readonly marks?: Readonly<Record<string, Json>> }
export const attemptView = (spec: AttemptSpec = {}): AttemptView => ({
  messageId: 'MSG0000000001',
  sender: 'sender@client.example',
  transport: 'smtp',
  nexthop: 'remote.example',
  recipients: ['user@remote.example'],
  attempts: 0,
  ...spec,
  marks: fakeMarks(spec.marks),
})

export interface ReportSpec extends Partial<Omit<ReportView, 'recipients' | 'marks' | 'header' | 'content'>> {
  readonly recipients?: readonly Partial<ReportRecipient>[]
  /** the message that is reported on */
  readonly message?: string
  readonly marks?: Readonly<Record<string, Json>>
}
export function reportView(spec: ReportSpec = {}): ReportView {
  const { recipients = [{}], message = 'Subject: test\n\nbody\n', marks, ...rest } = spec
  const { header, raw } = splitMessage(message)
  return {
    why: 'failed',
    messageId: 'MSG0000000001',
    sender: 'sender@client.example',
    origin: ORIGIN,
    arrived: Date.UTC(2030, 0, 1),
    smtputf8: false,
    size: raw.length,
    ...rest,
    header: headerView(header),
    marks: fakeMarks(marks),
    async *content() {
      yield raw
    },
    recipients: recipients.map((r) => {
      const to = r.address ?? 'nobody@remote.example'
      return {
        relay: 'none',
        action: rest.why === 'delayed' ? 'delayed' : rest.why === 'success' ? 'delivered' : 'failed',
        address: to,
        original: to,
        status: '5.1.1',
        text: 'user unknown',
        ...r,
      }
    }),
  }
}
export const commandView = (
  spec: Partial<Omit<CommandView, 'session'>> & { session?: SessionSpec } = {},
): CommandView => ({
  verb: 'NOOP',
  argument: '',
  transaction: false,
  ...spec,
  session: sessionView(spec.session),
})

const isSession = (s: SessionView | SessionSpec | undefined): s is SessionView => s?.slots instanceof FakeSlots
