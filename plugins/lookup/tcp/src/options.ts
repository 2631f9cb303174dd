/** What a table's definition says: `HOST:PORT`, or an object. */
import type { NetConnectOpts } from 'node:net'
import { duration } from '@postern/core'
import type { TableSource } from '@postern/core'
import { count, readSource } from '@postern/lookup-kit'
import { z } from 'zod'

const NEED = 'need "tcp:HOST:PORT" or { type: tcp, server: HOST:PORT }'
export const pluginOptions = z.strictObject({
  timeout: duration().default(10_000).describe('how long a lookup may take, with waiting for a connection'),
  connections: count(1, 1000).default(10).describe('connections to one server at most'),
  maxIdle: duration().default(10_000).describe('how long a connection is kept without a request'),
  maxAge: duration().default(100_000).describe('how long a connection is used at all'),
})
/** what a table may say instead of the plugin */
export const tableOptions = z.strictObject({
  server: z.string().describe('`HOST:PORT`'),
  timeout: duration().optional().describe("instead of the plugin's"),
  connections: count(1, 1000).optional().describe("instead of the plugin's"),
  maxIdle: duration().optional().describe("instead of the plugin's"),
  maxAge: duration().optional().describe("instead of the plugin's"),
})

export interface TcpOptions {
  /** as in the definition, for logs */
  readonly server: string
  readonly to: NetConnectOpts
  readonly timeout: number
  readonly connections: number
  readonly maxIdle: number
  readonly maxAge: number
}
/** The options of a table, or what is wrong with them. */
export async function optionsOf(
  source: TableSource,
  defaults: z.output<typeof pluginOptions>,
): Promise<TcpOptions | string> {
  const spec = typeof source.spec === 'string' ? { server: source.spec } : source.spec
  const read = await readSource({ ...source, spec }, tableOptions)
  if (!read.ok) return `tcp table: ${read.problem}; ${NEED}`
  const { server, ...own } = read.options
  const to = endpoint(server)
  if (to === undefined) return `tcp table: "${server}" is no server; ${NEED}`
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  return { ...defaults, ...given, server, to }
}
/** `HOST:PORT`, `[IPv6]:PORT`, or `PORT` alone for this machine. */
function endpoint(server: string): NetConnectOpts | undefined {
  const m = /^(?:(?:\[([\da-f.:]+)\]|([^\s:[\]]+)):)?(\d{1,5})$/i.exec(server)
  const port = Number(m?.[3])
  if (!m || port < 1 || port > 65535) return undefined
  return { host: m[1] ?? m[2] ?? 'localhost', port, noDelay: true }
}
