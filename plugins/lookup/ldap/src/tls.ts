/** The `tls_*` parameters as Node wants them. */
import { readFile, readdir } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { Refusal, textOf } from './errors.ts'
import type { Host } from './hosts.ts'
import type { TableOptions } from './options.ts'

/** Reads the files anew: a renewed certificate counts from the next connection on. */
export async function tlsOptions(options: TableOptions, host: Host, folder: string): Promise<ConnectionOptions> {
  const read = async (name: string, path: string | undefined) =>
    path === undefined ? undefined : await told(name, () => readFile(resolve(folder, path)))
  const { tlsCaCertFile, tlsCaCertDir, tlsCert, tlsKey, tlsCipherSuite, tlsRequireCert } = options
  const ca =
    tlsCaCertFile !== undefined
      ? await read('tls_ca_cert_file', tlsCaCertFile)
      : tlsCaCertDir !== undefined
        ? await told('tls_ca_cert_dir', () => authoritiesIn(resolve(folder, tlsCaCertDir)))
        : undefined
  const cert = await read('tls_cert', tlsCert)
  const key = await read('tls_key', tlsKey)
  await told('tls_cert, tls_key', () => createSecureContext({ cert, key }))
  const ciphers = tlsCipherSuite
  const secureContext = await told(ciphers === undefined ? 'tls_ca_cert_file' : 'tls_cipher_suite', () =>
    createSecureContext({ ca, cert, key, ciphers }),
  )
  return {
    secureContext,
    rejectUnauthorized: tlsRequireCert,
    host: host.host,
    servername: isIP(host.host) ? '' : host.host,
  }
}
/** Certificates that c_rehash has named: `9d66eef0.0`. */
async function authoritiesIn(dir: string): Promise<Buffer[]> {
  const names = (await readdir(dir)).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name))
  if (names.length === 0) throw new Error(`no certificates named by their hash in ${dir}`)
  return Promise.all(names.sort().map((name) => readFile(join(dir, name))))
}
async function told<T>(name: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    throw new Refusal(`${name}: ${textOf(error)}`, 'misconfigured', { lasting: true })
  }
}
