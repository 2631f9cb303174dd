/**
 * The one table of stages. The hooks, the taps' types and the run-time check are derived from it: a verdict that a stage
 * cannot carry out does not compile, and at run time it is a fault.
 */
import type { BodyEdit, Edits, EnvelopeEdit, HeaderEdit, SessionEdit } from './edits.ts'
import type {
  Claim,
  CommandReply,
  Defer,
  Discard,
  Expand,
  HangUp,
  Hold,
  Permit,
  Refuse,
  Report,
  Route,
  Silent,
} from './verdicts.ts'
import type {
  AttemptView,
  CommandView,
  DataView,
  DraftView,
  MailView,
  RcptView,
  ReportView,
  ResolveView,
  SessionView,
} from './views.ts'

export interface Stages {
  connect: { view: SessionView; verdict: Permit | Refuse | Defer | HangUp; edit: SessionEdit }
  helo: { view: SessionView; verdict: Permit | Refuse | Defer | HangUp; edit: SessionEdit }
  auth: { view: SessionView; verdict: Permit | Refuse | Defer | HangUp; edit: SessionEdit }
  mail: { view: MailView; verdict: Permit | Refuse | Defer | HangUp; edit: SessionEdit | EnvelopeEdit | HeaderEdit }
  relay: { view: RcptView; verdict: Claim | Refuse | Defer; edit: never }
  rcpt: {
    view: RcptView
    verdict: Permit | Refuse | Defer | HangUp | Discard
    edit: SessionEdit | EnvelopeEdit | HeaderEdit
  }
  data: { view: DataView; verdict: Permit | Refuse | Defer | HangUp; edit: SessionEdit | EnvelopeEdit | HeaderEdit }
  cleanup: { view: DraftView; verdict: Refuse | Defer | Discard; edit: EnvelopeEdit | HeaderEdit | BodyEdit }
  resolve: { view: ResolveView; verdict: Route | Expand | Refuse | Defer; edit: never }
  attempt: { view: AttemptView; verdict: Defer | Hold; edit: never }
  report: { view: ReportView; verdict: Report | Silent; edit: never }
  command: { view: CommandView; verdict: CommandReply; edit: SessionEdit }
}
export type Stage = keyof Stages
export type View<S extends Stage> = Stages[S]['view']
export type Verdict<S extends Stage> = Stages[S]['verdict']
export type Edit<S extends Stage> = Stages[S]['edit']
/** What a tap of this stage may answer. `undefined` is "nothing to say". */
export type Answer<S extends Stage> =
  Verdict<S> | ([Edit<S>] extends [never] ? never : Edits<Edit<S>> | Edits<Edit<S>, Verdict<S>>)

/** Where a stage runs: once per listener (`connect` to `cleanup`), or once for the node. */
export type Scope = 'listener' | 'root'

type SessionEditKind = SessionEdit['kind']
type Kinds<E> = E extends { kind: infer K } ? K : never

const SESSION: readonly SessionEditKind[] = ['client.set', 'deferIfPermit', 'deferIfReject', 'refuseLater']
const HEADER: readonly HeaderEdit['kind'][] = ['header.insert', 'header.replace', 'header.remove']
const ENVELOPE: readonly EnvelopeEdit['kind'][] = [
  'sender.set',
  'recipient.add',
  'recipient.replace',
  'recipient.remove',
  'route.all',
  'mark.set',
  'hold',
]

interface StageFacts<S extends Stage> {
  readonly verdicts: readonly Kinds<Verdict<S>>[]
  readonly edits: readonly Kinds<Edit<S>>[]
  readonly scope: Scope
  /** may an operator say `onFault: pass` here? Never where passing would accept, lose or misroute mail */
  readonly mayPass: boolean
  /** ms a hook call may take as a whole; below the client's timeouts of RFC 5321 section 4.5.3.2 */
  readonly deadline: number
}

/** The run-time half of the table. */
export const STAGES: { readonly [S in Stage]: StageFacts<S> } = {
  connect: {
    verdicts: ['permit', 'refuse', 'defer', 'hangUp'],
    edits: SESSION,
    scope: 'listener',
    mayPass: true,
    deadline: 100_000,
  },
  helo: {
    verdicts: ['permit', 'refuse', 'defer', 'hangUp'],
    edits: SESSION,
    scope: 'listener',
    mayPass: true,
    deadline: 100_000,
  },
  auth: {
    verdicts: ['permit', 'refuse', 'defer', 'hangUp'],
    edits: SESSION,
    scope: 'listener',
    mayPass: true,
    deadline: 100_000,
  },
  mail: {
    verdicts: ['permit', 'refuse', 'defer', 'hangUp'],
    edits: [...SESSION, ...ENVELOPE, ...HEADER],
    scope: 'listener',
    mayPass: true,
    deadline: 100_000,
  },
  relay: { verdicts: ['claim', 'refuse', 'defer'], edits: [], scope: 'listener', mayPass: false, deadline: 100_000 },
  rcpt: {
    verdicts: ['permit', 'refuse', 'defer', 'hangUp', 'discard'],
    edits: [...SESSION, ...ENVELOPE, ...HEADER],
    scope: 'listener',
    mayPass: true,
    deadline: 100_000,
  },
  data: {
    verdicts: ['permit', 'refuse', 'defer', 'hangUp'],
    edits: [...SESSION, ...ENVELOPE, ...HEADER],
    scope: 'listener',
    mayPass: true,
    deadline: 60_000,
  },
  cleanup: {
    verdicts: ['refuse', 'defer', 'discard'],
    edits: [...ENVELOPE, ...HEADER, 'body.replace'],
    scope: 'listener',
    mayPass: true,
    deadline: 240_000,
  },
  resolve: {
    verdicts: ['route', 'expand', 'refuse', 'defer'],
    edits: [],
    scope: 'root',
    mayPass: false,
    deadline: 100_000,
  },
  attempt: { verdicts: ['defer', 'hold'], edits: [], scope: 'root', mayPass: false, deadline: 30_000 },
  report: { verdicts: ['report', 'silent'], edits: [], scope: 'root', mayPass: false, deadline: 100_000 },
  command: { verdicts: ['reply'], edits: SESSION, scope: 'listener', mayPass: false, deadline: 100_000 },
}
