/** Transports as Postfix writes them (transport(5)). */
export interface TransportText {
  readonly transport: string
  readonly nexthop: string
}
/** `smtp:[host]:25`; a name without colon is a transport. */
export function parseTransport(value: string): TransportText {
  const text = value.trim()
  const colon = text.indexOf(':')
  return colon < 0
    ? { transport: text, nexthop: '' }
    : { transport: text.slice(0, colon).trim(), nexthop: text.slice(colon + 1).trim() }
}
