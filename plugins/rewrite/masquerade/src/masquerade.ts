/** The domain instead of a host in it, in lower case; `undefined`: the address stays. */
export type Masquerade = (local: string, domain: string) => string | undefined

export function masquerade(domains: readonly string[], exceptions: readonly string[]): Masquerade {
  const rules = domains.map((entry) => ({
    stays: entry.startsWith('!'),
    domain: entry.replace(/^!/, '').toLowerCase(),
  }))
  const users = new Set(exceptions.map((user) => user.toLowerCase()))
  return (local, domain) => {
    if (users.has(local.toLowerCase())) return undefined
    const name = domain.toLowerCase()
    for (const rule of rules) {
      // the domain itself has nothing to hide
      if (name === rule.domain) return undefined
      if (name.endsWith(`.${rule.domain}`)) return rule.stays ? undefined : rule.domain
    }
    return undefined
  }
}
