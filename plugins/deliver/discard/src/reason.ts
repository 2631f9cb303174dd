export interface Reason {
  readonly esc: `2.${number}.${number}`
  readonly text: string
}

/**
 * The next hop is the reason: `thrown away`, or `2.1.5 thrown away` with an enhanced status code (RFC 3463 section 2).
 * A code of another class is dropped, as Postfix does: what is discarded counts as delivered.
 */
export function reasonOf(nexthop: string): Reason {
  const m = /^\s*(?:([245])(\.\d{1,3}\.\d{1,3})(?=\s|$))?\s*([\s\S]*?)\s*$/.exec(nexthop)!
  return { esc: `2${(m[1] === '2' && m[2]) || '.0.0'}` as Reason['esc'], text: m[3] || 'discarded' }
}
