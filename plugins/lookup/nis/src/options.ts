/** What a table's definition says: `nis:MAP`, or an object. */
import { readFile } from 'node:fs/promises'
import { duration } from '@postern/core'
import type { TableSource } from '@postern/core'
import { list, readSource } from '@postern/lookup-kit'
import { z } from 'zod'
import type { Transport } from './yp.ts'

/** bytes of a name (YPMAXDOMAIN, YPMAXMAP) */
const NAME_LIMIT = 64
const name = z
  .string()
  .min(1)
  .max(NAME_LIMIT)
  .regex(/^[!-~]+$/, 'expected a name without blanks')
const SERVER = /^([^\s:]+)(?::(\d{1,5}))?$/
const servers = list().refine(
  (all) => all.every((s) => SERVER.test(s) && Number(SERVER.exec(s)?.[2] ?? 1) < 65536),
  'expected names or IPv4 addresses of servers, with :PORT behind them where the portmapper is not to be asked',
)
const transport = z.enum(['udp', 'tcp'])
export const pluginOptions = z.strictObject({
  domain: name.optional().describe("the NIS domain; default: the system's"),
  servers: servers
    .default([])
    .describe(
      'servers to ask, `HOST` or `HOST:PORT`, the first one that answers; empty: the one that ypbind is bound to',
    ),
  transport: transport.default('udp').describe('how servers are asked'),
  timeout: duration().default(5000).describe('how long one server may take, with finding its port'),
})
/** what a table may say instead of the plugin */
export const tableOptions = z.strictObject({
  map: name.describe('the map: `mail.aliases`, or a nickname of one'),
  domain: name.optional().describe("instead of the plugin's"),
  servers: servers.optional().describe("instead of the plugin's"),
  transport: transport.optional().describe("instead of the plugin's"),
  timeout: duration().optional().describe("instead of the plugin's"),
})

export interface NisOptions {
  readonly map: string
  readonly domain: string | undefined
  readonly servers: readonly { readonly host: string; readonly port: number | undefined }[]
  readonly transport: Transport
  /** ms */
  readonly timeout: number
}
/** The options of a table, or what is wrong with them. */
export async function optionsOf(
  source: TableSource,
  defaults: z.output<typeof pluginOptions>,
): Promise<NisOptions | string> {
  const spec = typeof source.spec === 'string' ? { map: source.spec } : source.spec
  const read = await readSource({ ...source, spec }, tableOptions)
  if (!read.ok) return `nis table: ${read.problem}; need "nis:MAP" or { type: nis, map: MAP }`
  const given = Object.fromEntries(Object.entries(read.options).filter(([, value]) => value !== undefined))
  const all = { ...defaults, ...given } as z.output<typeof pluginOptions>
  return {
    ...all,
    map: read.options.map,
    domain: all.domain,
    servers: all.servers.map((text) => {
      const [, host = '', port] = SERVER.exec(text)!
      return { host, port: port === undefined ? undefined : Number(port) }
    }),
  }
}

/** The system's NIS domain; `undefined` when none is set. */
export async function systemDomain(file = '/proc/sys/kernel/domainname'): Promise<string | undefined> {
  const text = (await readFile(file, 'utf8')).trim()
  return text === '' || text === '(none)' ? undefined : text
}
