/** What a table's definition says: `inet:HOST:PORT:NAME`, `unix:PATH:NAME`, or an object. */
import type { NetConnectOpts } from 'node:net'
import { resolve } from 'node:path'
import { duration, size } from '@postern/core'
import type { TableSource } from '@postern/core'
import { count, readSource } from '@postern/lookup-kit'
import { z } from 'zod'

const NEED = 'need "socketmap:inet:HOST:PORT:NAME" or "socketmap:unix:PATH:NAME"'
export const pluginOptions = z.strictObject({
  timeout: duration().default(10_000).describe('how long a lookup may take, with waiting for a connection'),
  connections: count(1, 1000).default(10).describe('connections to one server at most'),
  maxIdle: duration().default(10_000).describe('how long a connection is kept without a request'),
  maxAge: duration().default(100_000).describe('how long a connection is used at all'),
  maxReply: size().default(100_000).describe('bytes of a reply at most'),
})
/** what a table may say instead of the plugin */
export const tableOptions = z.strictObject({
  server: z.string().describe('`inet:HOST:PORT` or `unix:PATH`'),
  name: z.string().describe('the map that the server is asked for'),
  timeout: duration().optional().describe("instead of the plugin's"),
  connections: count(1, 1000).optional().describe("instead of the plugin's"),
  maxIdle: duration().optional().describe("instead of the plugin's"),
  maxAge: duration().optional().describe("instead of the plugin's"),
  maxReply: size().optional().describe("instead of the plugin's"),
})

export interface SocketmapOptions {
  /** as in the definition, for logs */
  readonly server: string
  readonly to: NetConnectOpts
  /** what a request begins with */
  readonly name: string
  readonly timeout: number
  readonly connections: number
  readonly maxIdle: number
  readonly maxAge: number
  readonly maxReply: number
}
/** The options of a table, or what is wrong with them. */
export async function optionsOf(
  source: TableSource,
  defaults: z.output<typeof pluginOptions>,
): Promise<SocketmapOptions | string> {
  const spec = typeof source.spec === 'string' ? split(source.spec) : source.spec
  if (spec === undefined) return `socketmap table: no name of a map; ${NEED}`
  const read = await readSource({ ...source, spec }, tableOptions)
  if (!read.ok) return `socketmap table: ${read.problem}; ${NEED}`
  const { server, name, ...own } = read.options
  const to = endpoint(server, source.folder)
  if (typeof to === 'string') return `socketmap table: ${to}; ${NEED}`
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  return { ...defaults, ...given, server, to, name }
}
/** The name stands behind the last colon; the address before it has some, too. */
function split(text: string): { server: string; name: string } | undefined {
  const at = text.lastIndexOf(':')
  return at <= 0 ? undefined : { server: text.slice(0, at), name: text.slice(at + 1) }
}
function endpoint(server: string, folder: string): NetConnectOpts | string {
  if (server.startsWith('unix:') && server.length > 5) return { path: resolve(folder, server.slice(5)) }
  const m = /^inet:(?:(?:\[([\da-f.:]+)\]|([^\s:[\]]+)):)?(\d{1,5})$/i.exec(server)
  const port = Number(m?.[3])
  if (!m || port < 1 || port > 65535) return `"${server}" is no server`
  return { host: m[1] ?? m[2] ?? 'localhost', port, noDelay: true }
}
