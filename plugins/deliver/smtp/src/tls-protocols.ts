/** Lists of TLS protocols as Postfix has them (`smtp_tls_mandatory_protocols`). */
import type { SecureVersion } from 'node:tls'

export interface ProtocolVersions {
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
}
/** from the oldest on; what is older than TLS 1.2 Node does not speak unless it is asked to, and we do not ask */
const KNOWN = ['sslv2', 'sslv3', 'tlsv1', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3']
const OURS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3']

/** `>=TLSv1.2`, `!SSLv2, !SSLv3`, `TLSv1.2 TLSv1.3`. `undefined`: it leaves nothing that we speak, or is no such list. */
export function protocolVersions(text: string): ProtocolVersions | undefined {
  const excluded = new Set<string>()
  const named = new Set<string>()
  for (const word of text
    .toLowerCase()
    .split(/[\s,:;]+/)
    .filter(Boolean)) {
    const [, how, name = ''] = /^(!|>=|<=)?(.*)$/s.exec(word)!
    const at = KNOWN.indexOf(name)
    if (at < 0) return undefined
    if (how === '!') excluded.add(name)
    else if (how === undefined) named.add(name)
    else for (const other of how === '>=' ? KNOWN.slice(0, at) : KNOWN.slice(at + 1)) excluded.add(other)
  }
  const left = OURS.filter((version) => {
    const name = version.toLowerCase()
    return !excluded.has(name) && (named.size === 0 || named.has(name))
  })
  if (left.length === 0) return undefined
  return left.length === OURS.length ? {} : { minVersion: left[0], maxVersion: left[0] }
}
