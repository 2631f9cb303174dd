/** What a table's definition says: a URL, a file of `name = value` lines, or an object. */
import { readFile } from 'node:fs/promises'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { duration, secret, size } from '@postern/core'
import type { Table, TableSource } from '@postern/core'
import { DomainFilter, count, list, readSource, templateProblem, yesNo } from '@postern/lookup-kit'
import { z } from 'zod'
import { urlProblem } from './request.ts'

const template = z.string().refine((text) => templateProblem(text) === undefined, {
  error: (issue) => templateProblem(String(issue.input)),
})
/** said by the client itself */
const OURS = /^(connection|content-length|content-type|expect|if-none-match|transfer-encoding|upgrade)$/i
const headers = z.record(z.string(), z.string()).refine(
  (all) =>
    Object.entries(all).every(([name, value]) => {
      try {
        if (OURS.test(name)) return false
        validateHeaderName(name)
        validateHeaderValue(name, value)
        return true
      } catch {
        return false
      }
    }),
  'a name or a value that no header can have, or one that is set by the table itself',
)
export const tableOptions = z.strictObject({
  url: template
    .refine((text) => urlProblem(text) === undefined, { error: (issue) => urlProblem(String(issue.input)) })
    .describe('what is asked, with %s (the key), %u, %d, %1 to %9, escaped for URLs'),
  method: z.enum(['GET', 'POST']).default('GET').describe('how'),
  body: template.optional().describe('of a POST, with the same codes'),
  contentType: z
    .enum(['application/json', 'application/x-www-form-urlencoded'])
    .default('application/json')
    .describe('of the body: what the codes are escaped for'),
  headers: headers.default({}).describe('sent with each request; not in a file'),
  bearer: secret().optional().describe('sent as `Authorization: Bearer ...`'),
  path: z.string().default('').describe('where the value is in the answer: `data.box`, `rows.0`; empty: all of it'),
  missing: z.enum(['failed', 'absent']).default('failed').describe('what a member of the path that is not there means'),
  resultFormat: template.default('%s').describe('what is made of each value'),
  expansionLimit: count().default(0).describe('values above which a lookup fails; 0: no limit'),
  domain: list().default([]).describe('only addresses in these domains are looked up; domains, files, tables'),
  timeout: duration().default(10_000).describe('for a lookup, with waiting for a connection'),
  connections: count(1, 1000).default(10).describe('connections at most'),
  maxReply: size()
    .default(100 * 1024)
    .describe('bytes of an answer at most'),
  redirects: count(0, 10).default(0).describe('how many are followed, on the same server only'),
  cacheSize: count().default(1000).describe('answers that are kept'),
  cacheTime: duration().default(3_600_000).describe('the longest time that one is kept, whatever the server says'),
  tlsVerify: yesNo().default(true).describe("the server's certificate must be good and for its name"),
  tlsCaFile: z.string().optional().describe("certificates to trust; default: Node's"),
  tlsCertFile: z.string().optional().describe('own certificate'),
  tlsKeyFile: z.string().optional().describe('its key'),
  tlsServerName: z.string().optional().describe("the name in the certificate; default: the URL's host"),
})

/** as node:tls takes it */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly secureContext: SecureContext
  readonly servername: string | undefined
}
export type HttpOptions = Omit<z.output<typeof tableOptions>, 'domain'> & {
  readonly tls: TlsOptions
  readonly domains: DomainFilter
  readonly warnings: readonly string[]
}
/** `//host/path`: what stands behind `http:` is the rest of a URL, not the name of a file. */
export const isUrl = (spec: TableSource['spec']): spec is string => typeof spec === 'string' && spec.startsWith('//')
/** The options of a table, or what is wrong with them; no secret is in it. */
export async function optionsOf(
  type: 'http' | 'https',
  source: TableSource,
  tables: readonly Table[],
): Promise<HttpOptions | string> {
  const url = isUrl(source.spec) ? `${type}:${source.spec}` : undefined
  const read = await readSource(url === undefined ? source : { ...source, spec: { url } }, tableOptions)
  if (!read.ok) return `${type} table: ${read.problem}`
  const { domain, ...options } = read.options
  if ((options.method === 'POST') !== (options.body !== undefined))
    return `${type} table: body: ${options.body === undefined ? 'is missing for a POST' : 'only a POST has one'}`
  if (Object.keys(options.headers).some((name) => name.toLowerCase() === 'authorization') && options.bearer)
    return `${type} table: bearer: there is an Authorization header, too`
  const file = async (name: string | undefined) =>
    name === undefined ? undefined : readFile(resolve(source.folder, name))
  try {
    const tls: TlsOptions = {
      rejectUnauthorized: options.tlsVerify,
      // made once: it throws what is wrong with the files, and a connection would have to do it again
      secureContext: createSecureContext({
        ca: await file(options.tlsCaFile),
        cert: await file(options.tlsCertFile),
        key: await file(options.tlsKeyFile),
      }),
      servername: options.tlsServerName,
    }
    return { ...options, tls, domains: new DomainFilter(domain, source.folder, tables), warnings: read.warnings }
  } catch (error) {
    return `${type} table: ${(error as Error).message}`
  }
}
