/** What is said on the control socket: one JSON object a line; one request a connection, then rows, then an end. */
import type { ExplainReport, NodeStatus, PipelineHook, PluginLine, Problem, QueueEntry, Scenario } from '@postern/core'

export type AdminVerb = 'hold' | 'release' | 'delete'
/** Each request with what its end carries. */
export interface Requests {
  ping: { arguments: object; result: { readonly pid: number } }
  status: { arguments: object; result: DaemonStatus }
  stop: { arguments: { readonly now?: boolean }; result: { readonly pid: number } }
  reload: { arguments: object; result: { readonly configuration: string } }
  /** each message is a row */
  'queue.list': { arguments: object; result: object }
  'queue.show': { arguments: { readonly id: string }; result: ShownMessage }
  'queue.flush': { arguments: { readonly id?: string }; result: object }
  'queue.admin': {
    arguments: AdminArguments
    result: { readonly done: readonly string[]; readonly unknown: readonly string[] }
  }
  explain: { arguments: { readonly scenario: Scenario }; result: ExplainReport }
  pipeline: { arguments: object; result: readonly PipelineHook[] }
  plugins: { arguments: object; result: readonly PluginLine[] }
}
export type Verb = keyof Requests
export type Arguments<V extends Verb> = Requests[V]['arguments']
export type Result<V extends Verb> = Requests[V]['result']
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
}
export interface AdminArguments {
  readonly action: AdminVerb
  readonly ids: readonly string[]
  /** every message instead of `ids` */
  readonly all?: boolean
  readonly who: string
  readonly why: string
}
/** A message of the queue as `queue list --json` prints it. */
export type QueueRow = QueueEntry
export interface ShownMessage {
  readonly message: QueueRow
  /** raw, without the empty line; absent when read from the disk of a daemon that is down */
  readonly header?: string
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
