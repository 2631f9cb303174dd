/** The names a destination is looked up by, the most special first (transport(5), TABLE LOOKUP). */

/** `transport:nexthop`, next hop, host, `.parents`, `transport:`, `*`; lower case, each once. */
export function keysFor(transport: string, nexthop: string): readonly string[] {
  const way = transport.toLowerCase()
  const hop = nexthop.toLowerCase()
  const host = hostOf(hop)
  return [...new Set([`${way}:${hop}`, `${way}:${host}`, hop, host, ...parents(host), `${way}:`, '*'])].filter(Boolean)
}

/** Without `inet:`, brackets, port and final dot; of several next hops the first. */
function hostOf(nexthop: string): string {
  const first = nexthop.split(/[\s,]+/, 1)[0]!.replace(/^inet:/, '')
  if (first.startsWith('unix:')) return first
  const bracketed = /^\[(?:ipv6:)?([^\]]*)\]/.exec(first)?.[1]
  const plain = (first.match(/:/g) ?? []).length > 1 ? first : first.replace(/:[^:]*$/, '')
  return (bracketed ?? plain).replace(/\.$/, '')
}
/** `.b.example`, `.example` of `a.b.example`; an address has none. */
function parents(host: string): string[] {
  if (/^[\d.]+$|[:/]/.test(host)) return []
  const out: string[] = []
  for (let at = host.indexOf('.', 1); at >= 0; at = host.indexOf('.', at + 1)) out.push(host.slice(at))
  return out
}

export const isKey = (key: string): boolean => /^\S+$/.test(key) && !/^\.*$/.test(key)

/** The transport that a key names. `host:25` and `unix:/path` name none. */
export function transportOf(key: string): string | undefined {
  const [, name, rest] = /^([a-z][\w-]*):(.*)$/i.exec(key) ?? []
  if (name === undefined || /^\d+$/.test(rest!) || /^(?:unix|inet)$/i.test(name)) return undefined
  return name
}
