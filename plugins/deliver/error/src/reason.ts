/**
 * A next hop apart: the subject and detail of a leading enhanced status code (`0.0` when there is none; RFC 3463
 * section 2) and the text. The code's class does not count: whether mail is returned or deferred is the transport's.
 */
export function splitReason(nexthop: string): { detail: string; text: string } {
  const m = /^\s*(?:[245]\.(\d{1,3}\.\d{1,3})(?=\s|$))?\s*([\s\S]*?)\s*$/.exec(nexthop)!
  return { detail: m[1] ?? '0.0', text: m[2]! }
}
