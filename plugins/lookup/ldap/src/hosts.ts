/** `server_host`: names, `host:port`, or LDAP URLs, parted by white space or commas. */

export interface Host {
  /** as an operator knows it, for messages: `ldap://127.0.0.1:389` */
  readonly name: string
  readonly scheme: 'ldap' | 'ldaps' | 'ldapi'
  /** a name or an address; a path for `ldapi` */
  readonly host: string
  readonly port: number
}
const PORTS = { ldap: 389, ldaps: 636, ldapi: 0 }
/** where libldap of Debian looks for `ldapi:///` */
const SOCKET = '/var/run/slapd/ldapi'

/** Throws what is wrong with an entry. */
export function parseHost(text: string, port: number): Host {
  const m = /^(?:(ldap|ldaps|ldapi):\/\/)?(\[[^\]]*\]|[^/:]*)(?::(\d{1,5}))?\/?$/i.exec(text)
  const scheme = (m?.[1]?.toLowerCase() ?? 'ldap') as Host['scheme']
  const stated = m?.[3] === undefined ? undefined : Number(m[3])
  if (!m || (stated !== undefined && (stated < 1 || stated > 65535 || scheme === 'ldapi')))
    throw new Error(`expected a host, host:port or a URL ldap://, ldaps:// or ldapi://, got ${text}`)
  if (scheme === 'ldapi') {
    const path = decoded(m[2]!, text) || SOCKET
    return { name: text, scheme, host: path, port: 0 }
  }
  const host = m[2]!.replace(/^\[|\]$/g, '') || 'localhost'
  // `server_port` is for entries without a scheme, as Postfix has it
  const number = stated ?? (m[1] === undefined ? port : PORTS[scheme])
  return { name: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${number}`, scheme, host, port: number }
}
function decoded(path: string, text: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new Error(`bad escape in ${text}`)
  }
}
