/** What a node is made with, and what it tells of itself. */
import type { Clock } from './contract/clock.ts'
import type { LogSink } from './contract/log.ts'
import type { Site } from './contract/plugin.ts'
import type { Shared, SocketSource } from './contract/shared.ts'
import type { StoreHealth } from './contract/store.ts'
import type { UserDelivery } from './contract/users.ts'

export interface NodeOptions {
  /** instead of the configuration's log plugin */
  readonly log?: LogSink
  readonly clock?: Clock
  /** what is one for all processes; default: this process's memory */
  readonly shared?: Shared
  /** sockets that another process bound for this one */
  readonly sockets?: SocketSource
  /** a helper that delivers with users' rights; default: there is none */
  readonly users?: UserDelivery
  /** which of the processes that share the work this is */
  readonly worker?: Site['worker']
  /** 0 to 1; a test brings its own */
  readonly random?: () => number
  /** more folders to look for plugins in */
  readonly resolveFrom?: readonly string[]
}
export interface NodeStatus {
  readonly state: 'built' | 'starting' | 'running' | 'draining' | 'stopped'
  readonly configuration: string
  readonly hostname: string
  /** ms since 1970 */
  readonly since?: number
  readonly sessions: number
  readonly queue: { readonly active: number; readonly waiting: number; readonly held: number } & StoreHealth
  readonly tables: readonly TableStatus[]
}

export interface TableStatus {
  readonly name: string
  /** what is wrong with it, and since when (ms since 1970) */
  readonly problem?: string
  readonly since?: number
  readonly stats?: Readonly<Record<string, number>>
}
