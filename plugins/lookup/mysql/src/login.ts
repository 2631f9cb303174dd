/** From options to what the client library wants to know. */
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { ConnectionOptions, SslOptions } from 'mysql2'
import { readOptionFile } from './option-file.ts'
import type { FileOptions } from './option-file.ts'
import type { MysqlOptions } from './options.ts'

export interface Host {
  /** for logs: `db.example:3306`, `/run/mysqld/mysqld.sock` */
  readonly name: string
  readonly socketPath?: string
  readonly host?: string
  readonly port?: number
}
export interface Login {
  readonly hosts: readonly Host[]
  readonly connection: ConnectionOptions
}
/** where Debian, Red Hat and MySQL's own packages put it */
const SOCKETS = [
  '/run/mysqld/mysqld.sock',
  '/var/run/mysqld/mysqld.sock',
  '/var/lib/mysql/mysql.sock',
  '/tmp/mysql.sock',
]

/** Reads the option file and the certificates. Throws what is wrong, without a value in it. */
export async function login(o: MysqlOptions, folder: string): Promise<Login> {
  const path = (name: string) => (name === '' ? '' : resolve(folder, name))
  const file = await named('option_file', () => readOptionFile(path(o.optionFile), o.optionGroup))
  const ssl = await tls(o, file, path)
  return {
    hosts: o.hosts.map((text) => parseHost(text, file)),
    connection: {
      user: o.user || file.get('user') || '',
      password: o.password.reveal() || file.get('password') || '',
      database: o.dbname,
      ...(ssl && { ssl }),
    },
  }
}
/** Throws when it cannot be read. */
export function parseHost(text: string, file: FileOptions = new Map()): Host {
  const unix = /^unix:(.+)$/.exec(text)
  if (unix) return { name: unix[1]!, socketPath: unix[1]! }
  const tcp = /^(?:inet:)?(\[[^\]]+\]|[^:[\]]+|[^[\]]*:[^[\]]*:[^[\]]*)(?::(\d{1,5}))?$/.exec(text)
  if (!tcp || Number(tcp[2] ?? 1) > 65_535)
    throw new Error(`hosts: expected host, host:port or unix:/socket, got ${text}`)
  const host = tcp[1]!.replace(/^\[|\]$/g, '')
  if (host === 'localhost') {
    // MySQL's clients take this name for the socket, whatever port stands behind it
    const socketPath = file.get('socket') ?? process.env.MYSQL_UNIX_PORT ?? SOCKETS.find(existsSync) ?? SOCKETS[0]!
    return { name: socketPath, socketPath }
  }
  const port = Number(tcp[2] ?? file.get('port') ?? 3306)
  return { name: `${host.includes(':') ? `[${host}]` : host}:${port}`, host, port }
}

/** TLS is asked for by any of its options, and then nothing goes without it. */
async function tls(
  o: MysqlOptions,
  file: FileOptions,
  path: (name: string) => string,
): Promise<SslOptions | undefined> {
  const cert = path(o.tlsCertFile) || file.get('ssl-cert')
  const key = path(o.tlsKeyFile) || file.get('ssl-key')
  const caFile = path(o.tlsCaFile) || file.get('ssl-ca')
  const caPath = path(o.tlsCaPath) || file.get('ssl-capath')
  const ciphers = o.tlsCiphers || file.get('ssl-cipher')
  const verify = o.tlsVerifyCert || /^(|1|on|true)$/i.test(file.get('ssl-verify-server-cert') ?? 'off')
  if (![cert, key, caFile, caPath, ciphers].some(Boolean) && !verify) return undefined
  const ca = caFile
    ? [await named('tls_CAfile', () => readFile(caFile, 'utf8'))]
    : caPath && (await named('tls_CApath', () => allIn(caPath)))
  const own = {
    ...(cert && { cert: await named('tls_cert_file', () => readFile(cert, 'utf8')) }),
    ...(key && { key: await named('tls_key_file', () => readFile(key, 'utf8')) }),
  }
  await named('tls_cert_file, tls_key_file', () => createSecureContext(own))
  const files = { ...own, ...(ca && { ca }), ...(ciphers && { ciphers }) }
  await named(ciphers ? 'tls_ciphers, tls_CAfile' : 'tls_CAfile', () => createSecureContext(files))
  return { ...files, rejectUnauthorized: Boolean(ca) || verify, verifyIdentity: verify }
}
async function named<T>(parameter: string, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw new Error(`${parameter}: ${(error as Error).message}`, { cause: error })
  }
}
async function allIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /\.(pem|crt|cer|\d+)$/.test(name))
  if (names.length === 0) throw new Error(`${folder}: no certificate in it`)
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
}
