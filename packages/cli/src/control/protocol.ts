/** What is said on the control socket: one JSON object a line; one request a connection, then rows, then an end. */
import type {
  AdminAction,
  Envelope,
  ExplainReport,
  HistoryRecord,
  NodeStatus,
  PipelineHook,
  PluginLine,
  Problem,
  QueueEntry,
  RecipientSeed,
  Scenario,
} from '@postern/core'
import type { QueueQuery } from '../queue/query.ts'
import type { ShapeBy, ShapeRow } from '../queue/shape.ts'

/** Requests of the owner, each with its rows and what its end carries. */
export interface Requests {
  ping: { arguments: object; result: { readonly pid: number } }
  status: { arguments: object; result: DaemonStatus }
  stop: { arguments: { readonly now?: boolean }; result: { readonly pid: number } }
  reload: {
    arguments: { readonly workers?: number }
    /** `replaced`: so many new processes do the work */
    result: { readonly configuration: string; readonly replaced?: number }
  }
  'queue.list': {
    arguments: { readonly query?: QueueQuery; readonly limit?: number }
    row: QueueRow
    result: { readonly more: boolean }
  }
  'queue.count': { arguments: { readonly query?: QueueQuery }; result: QueueCount }
  'queue.shape': {
    arguments: { readonly query?: QueueQuery; readonly by?: ShapeBy }
    row: ShapeRow
    result: object
  }
  'queue.show': { arguments: { readonly id: string }; result: ShownMessage }
  /** The messages whole: for each one `message`, its bytes in order, and `end`; they do not mix. */
  'queue.export': { arguments: { readonly query?: QueueQuery }; row: ExportRow; result: object }
  'queue.import': { arguments: ImportArguments; result: { readonly id: string } }
  'queue.flush': {
    arguments: FlushArguments
    result: { readonly flushed: number; readonly missing: readonly string[] }
  }
  'queue.admin': {
    arguments: AdminArguments
    row: AdminRow
    result: { readonly done: number; readonly missing: readonly string[] }
  }
  explain: { arguments: { readonly scenario: Scenario }; result: ExplainReport }
  pipeline: { arguments: object; result: readonly PipelineHook[] }
  plugins: { arguments: object; result: readonly PluginLine[] }
}
/** Requests of everybody, on a socket of their own: what the owner's verbs of these names tell, less of it. */
export interface PublicRequests {
  ping: Requests['ping']
  'queue.list': { arguments: object; row: PublicRow; result: object }
  'queue.flush': { arguments: FlushArguments; result: Requests['queue.flush']['result'] }
}
export type Verb = keyof Requests
export type Arguments<V extends Verb> = Requests[V]['arguments']
export type Result<V extends Verb> = Requests[V]['result']
export type Row<V extends Verb> = Requests[V] extends { row: infer R } ? R : never
export interface Request<V extends Verb = Verb> {
  readonly verb: V
  readonly arguments: Arguments<V>
}
export type Line =
  | { readonly row: unknown }
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: RemoteError }
export interface RemoteError {
  readonly text: string
  /** the exit code the command should end with */
  readonly exit: number
  readonly problems?: readonly Problem[]
}

export interface Listening {
  readonly use: string
  readonly protocol: string
  readonly address: string
  readonly port: number
}
export interface DaemonStatus extends NodeStatus {
  readonly pid: number
  readonly spool: string
  readonly listening: readonly Listening[]
  /** where the daemon is a primary with workers; the rest is their sum */
  readonly workers?: readonly WorkerStatus[]
}
export interface WorkerStatus {
  readonly index: number
  /** 0: there is none now, another one is to start */
  readonly pid: number
  readonly state: string
  /** ms since 1970 */
  readonly since?: number
  readonly sessions: number
  /** messages in its part of the queue */
  readonly messages: number
  /** how often another one had to take its place */
  readonly restarts: number
}
export type AdminVerb = AdminAction | 'requeue'
export interface Author {
  /** the user's name and uid, as the command says them */
  readonly who: string
  readonly why: string
}
export interface AdminArguments extends Author {
  readonly action: AdminVerb
  /** the messages by name; without, those of `query` that were there when it was asked */
  readonly ids?: readonly string[]
  readonly query?: QueueQuery
}
export interface AdminRow {
  readonly id: string
  /** the new id, of requeue */
  readonly to?: string
  /** it is being delivered, and that takes long: nothing was done */
  readonly busy?: true
}
/** Everything that waits, or what is named. */
export interface FlushArguments {
  readonly id?: string
  /** domain of a recipient */
  readonly site?: string
}
export interface QueueCount {
  readonly messages: number
  readonly bytes: number
}
/** A message of the queue as `queue list --json` prints it. */
export type QueueRow = QueueEntry
export interface ShownMessage {
  readonly message: QueueRow
  /** raw, without the empty line */
  readonly header: string
  readonly history: readonly HistoryRecord[]
}
/** `bytes` of content follow: header, empty line, body. `damaged`: what was told of it is all there is. */
export type ExportRow =
  | { readonly message: QueueRow; readonly bytes: number }
  | { readonly content: string }
  | { readonly end: string; readonly damaged?: string }
export interface ImportArguments extends Author {
  /** of the queue it was exported from */
  readonly id: string
  readonly envelope: Envelope
  /** those that are still to be tried */
  readonly recipients: readonly RecipientSeed[]
  readonly held?: string
  /** base64: header, empty line, body */
  readonly content: string
}
/** What everybody may know of a message: a part of QueueRow. */
export interface PublicRow {
  readonly id: string
  /** bytes */
  readonly size: number
  /** `created`: ms since 1970; sender `''` is the null sender */
  readonly envelope: { readonly sender: string; readonly created: number }
  /** those that are pending, with the last attempt's code and text */
  readonly recipients: readonly {
    readonly address: string
    readonly state: 'pending'
    readonly esc?: string
    readonly text?: string
  }[]
  /** ms since 1970; 0: at once */
  readonly nextTry: number
  /** who held it and why is not for everybody */
  readonly held?: { readonly at: number }
  readonly expired?: boolean
}
/** JSON for answers of plugins: errors by their text, bytes by their number. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) =>
    v instanceof Error
      ? v.message
      : v instanceof Uint8Array
        ? `(${v.length} bytes)`
        : typeof v === 'bigint'
          ? Number(v)
          : v,
  )
