/**
 * A next hop apart: the subject and detail of a leading enhanced status code (`0.0` when there is none, or one of another class than `of`; RFC 3463
 * section 2) and the text. Whether mail is returned or deferred is the transport's word.
 */
export function splitReason(nexthop: string, of: '4' | '5'): { detail: string; text: string } {
  const m = /^\s*(?:([245])\.(\d{1,3}\.\d{1,3})(?=\s|$))?\s*([\s\S]*?)\s*$/.exec(nexthop)!
  return { detail: (m[1] === of && m[2]) || '0.0', text: m[3]! }
}
