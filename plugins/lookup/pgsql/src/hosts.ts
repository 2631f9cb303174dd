/** What `hosts` says, and the connection URIs of libpq (PostgreSQL's manual, 34.1.1.2). */
import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { ConnectionOptions } from 'node:tls'

/** `prefer`: TLS when the server can do it */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
export interface Host {
  /** for logs, without a password: `db.example:5432` */
  readonly name: string
  /** a name, an address, or a folder with a socket */
  readonly host: string
  readonly port: number
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly more: Readonly<Record<string, string>>
  readonly mode: TlsMode
  readonly tls: ConnectionOptions
}
const MODES: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
}
const PASSED_ON: Readonly<Record<string, string>> = { application_name: 'application_name', options: 'options' }

/** Throws when it cannot be read; a URI is not repeated then, it may have a password in it. */
export async function parseHost(text: string, folder: string): Promise<Host> {
  if (/^postgres(ql)?:\/\//.test(text)) return fromUri(text, folder)
  const plain = text.replace(/^(unix|inet):/, '')
  if (plain.startsWith('/')) return { ...socket(plain), more: {}, mode: 'disable', tls: {} }
  const tcp = /^(\[[^\]]+\]|[^:[\]/]+)(?::(\d{1,5}))?$/.exec(plain)
  if (text.startsWith('unix:') || !tcp || Number(tcp[2] ?? 1) > 65_535)
    throw new Error(`hosts: expected host, host:port, unix:/folder or a URI, got ${text.replace(/.*@/, '...@')}`)
  return { ...named(tcp[1]!, tcp[2]), more: {}, mode: 'prefer', tls: await tls(new Map(), 'prefer', folder) }
}
const defaultPort = () => Number(process.env.PGPORT ?? 5432)
function named(host: string, port: string | undefined) {
  const number = Number(port || defaultPort())
  return { name: `${host}:${number}`, host: host.replace(/^\[|\]$/g, ''), port: number }
}
function socket(path: string) {
  const port = /^\.s\.PGSQL\.(\d+)$/.exec(basename(path))?.[1]
  const number = port === undefined ? defaultPort() : Number(port)
  return { name: path, host: port === undefined ? path : dirname(path), port: number }
}

async function fromUri(text: string, folder: string): Promise<Host> {
  // not `URL`: a socket's folder may stand where the host does, and `user@` without a host is fine
  const parts =
    /^\w+:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(
      text,
    )
  if (!parts) throw new Error('hosts: a postgresql:// URI that cannot be read')
  const of = (part: string | undefined) => decodeURIComponent(part ?? '')
  const host = of(parts[3])
  if (host.includes(',')) throw new Error('hosts: several hosts in one URI; write one URI for each')
  const query = new Map(new URLSearchParams(parts[6]))
  const place = (query.get('host') ?? host) || 'localhost'
  const port = query.get('port') ?? of(parts[4])
  const where = place.startsWith('/')
    ? { ...socket(place), ...(port !== '' && { port: Number(port) }) }
    : named(place, port)
  const mode = MODES[query.get('sslmode') ?? 'prefer']
  if (mode === undefined) throw new Error('hosts: an sslmode that is none')
  const more: Record<string, string> = {}
  for (const [name, value] of query) {
    const known = PASSED_ON[name]
    if (known !== undefined) more[known] = value
    else if (!/^(host|port|user|password|dbname|sslmode|sslrootcert|sslcert|sslkey)$/.test(name))
      throw new Error(`hosts: unknown parameter ${name} in a URI`)
  }
  const user = query.get('user') ?? of(parts[1])
  const password = query.get('password') ?? of(parts[2])
  const database = query.get('dbname') ?? of(parts[5])
  return {
    ...where,
    ...(user !== '' && { user }),
    ...(password !== '' && { password }),
    ...(database !== '' && { database }),
    more,
    mode: place.startsWith('/') ? 'disable' : mode,
    tls: await tls(query, mode, folder),
  }
}
async function tls(query: ReadonlyMap<string, string>, mode: TlsMode, folder: string): Promise<ConnectionOptions> {
  const read = async (name: string) => {
    const path = query.get(name)
    if (path === undefined || path === 'system') return undefined
    try {
      return await readFile(resolve(folder, path), 'utf8')
    } catch (error) {
      throw new Error(`hosts: ${name}: ${(error as Error).message}`, { cause: error })
    }
  }
  const [ca, cert, key] = await Promise.all(['sslrootcert', 'sslcert', 'sslkey'].map(read))
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    // as libpq: with a root certificate, `require` checks the chain as well
    rejectUnauthorized: mode.startsWith('verify') || (mode === 'require' && ca !== undefined),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  }
}
