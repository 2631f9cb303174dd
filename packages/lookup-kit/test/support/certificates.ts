/** An authority, and what it signed: certificates by openssl, for tests of TLS. */
import { execFileSync } from 'node:child_process'
import { hostname } from 'node:os'

export interface CertificateNames {
  /** of the server: `DNS:localhost,IP:127.0.0.1` */
  readonly server?: string
  /** common name of the client's */
  readonly client?: string
}
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']

/** In `dir`: ca.pem and ca.key, cert.pem and key.pem of a server, client.pem and client.key; other-ca.pem signed none of them. */
export function certificates(dir: string, names: CertificateNames = {}): void {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', ['req', '-x509', ...KEY, ...args], { stdio: 'ignore', cwd: dir })
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key']
  const server = names.server ?? `DNS:localhost,DNS:${hostname()},IP:127.0.0.1`
  openssl('-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Authority')
  openssl('-keyout', 'other-ca.key', '-out', 'other-ca.pem', '-subj', '/CN=Other')
  openssl(...signed, '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=s', '-addext', `subjectAltName=${server}`)
  const client = ['-keyout', 'client.key', '-out', 'client.pem', '-subj', `/CN=${names.client ?? 'table'}`]
  openssl(...signed, ...client, '-addext', 'extendedKeyUsage=clientAuth')
}
