/** LDAP URLs (RFC 4516) as directories hold them and as servers refer to others with them. */

export type Scope = 'base' | 'one' | 'sub'
export interface LdapUrl {
  readonly scheme: 'ldap' | 'ldaps' | 'ldapi'
  /** `host` or `host:port`, empty when the URL names none */
  readonly host: string
  readonly dn: string
  readonly attributes: readonly string[]
  readonly scope: Scope | undefined
  readonly filter: string | undefined
}
export const looksLikeUrl = (text: string): boolean => /^<?(url:)?ldap[si]?:\/\//i.test(text)

/** Throws what is wrong with it. `URL:` in front and `<>` around it are of RFC 1738's appendix. */
export function parseUrl(text: string): LdapUrl {
  const bare = text.replace(/^<(.*)>$/s, '$1').replace(/^url:/i, '')
  const m = /^(ldaps?|ldapi):\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/is.exec(bare)
  if (!m) throw new Error(`not an LDAP URL: ${text.slice(0, 100)}`)
  const parts = (m[4] ?? '').split('?')
  if (parts.length > 4) throw new Error(`not an LDAP URL: ${text.slice(0, 100)}`)
  const [attributes = '', scope = '', filter = '', extensions = ''] = parts.map(decode)
  if (extensions.split(',').some((extension) => extension.startsWith('!')))
    throw new Error(`a URL asks for an extension that is not known: ${extensions.slice(0, 100)}`)
  if (!/^(|base|one(level)?|sub(tree)?)$/i.test(scope)) throw new Error(`unknown scope ${scope.slice(0, 20)} in a URL`)
  return {
    scheme: m[1]!.toLowerCase() as LdapUrl['scheme'],
    host: m[2]!,
    dn: decode(m[3] ?? ''),
    attributes: attributes.split(',').filter((name) => name !== ''),
    scope:
      scope === '' ? undefined : (scope.toLowerCase().slice(0, scope[0] === 'b' || scope[0] === 'B' ? 4 : 3) as Scope),
    filter: filter === '' ? undefined : filter,
  }
}
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('bad escape in an LDAP URL')
  }
}
