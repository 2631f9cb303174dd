/** What a table's definition says: a URL, a file of `name = value` lines, or an object. */
import { readFile } from 'node:fs/promises'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { duration, secret, size } from '@postern/core'
import type { TableSource } from '@postern/core'
import { count, domainFilter, list, readSource, templateProblem, yesNo } from '@postern/lookup-kit'
import type { DomainFilter } from '@postern/lookup-kit'
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
const schema = z.strictObject({
  url: template.refine((text) => urlProblem(text) === undefined, { error: (issue) => urlProblem(String(issue.input)) }),
  method: z.enum(['GET', 'POST']).default('GET'),
  body: template.optional(),
  contentType: z.enum(['application/json', 'application/x-www-form-urlencoded']).default('application/json'),
  headers: headers.default({}),
  bearer: secret().optional(),
  path: z.string().default(''),
  missing: z.enum(['failed', 'absent']).default('failed'),
  resultFormat: template.default('%s'),
  expansionLimit: count().default(0),
  domain: list().default([]),
  timeout: duration().default(10_000),
  connections: count(1, 1000).default(10),
  maxReply: size().default(100 * 1024),
  redirects: count(0, 10).default(0),
  cacheSize: count().default(1000),
  cacheTime: duration().default(3_600_000),
  tlsVerify: yesNo().default(true),
  tlsCaFile: z.string().optional(),
  tlsCertFile: z.string().optional(),
  tlsKeyFile: z.string().optional(),
  tlsServerName: z.string().optional(),
})

/** as node:tls takes it */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly secureContext: SecureContext
  readonly servername: string | undefined
}
export type HttpOptions = Omit<z.output<typeof schema>, 'domain'> & {
  readonly tls: TlsOptions
  readonly inDomain: DomainFilter
  readonly warnings: readonly string[]
}
/** The options of a table, or what is wrong with them; no secret is in it. */
export async function optionsOf(type: 'http' | 'https', source: TableSource): Promise<HttpOptions | string> {
  const url = typeof source.spec === 'string' && source.spec.startsWith('//') ? `${type}:${source.spec}` : undefined
  const read = await readSource(url === undefined ? source : { ...source, spec: { url } }, schema)
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
    return { ...options, tls, inDomain: domainFilter(domain, source.folder), warnings: read.warnings }
  } catch (error) {
    return `${type} table: ${(error as Error).message}`
  }
}
