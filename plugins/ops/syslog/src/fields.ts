/** Fields of an event as text: `: table=hash:x, problem=it is gone`. */

/** Names whose values are never written. */
const SECRET = /^(password|passwd|pass|secret|token|credentials?|authorization|apikey|privatekey)$/i
const DEPTH = 3

export function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${SECRET.test(name) ? '(redacted)' : valueText(value, 0)}`)
  return parts.length > 0 ? `: ${parts.join(', ')}` : ''
}
/** Of an error its message, and what caused it: another property may hold a password. */
function valueText(value: unknown, depth: number): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) {
    const cause = value.cause instanceof Error && depth < DEPTH ? ` (${valueText(value.cause, depth + 1)})` : ''
    return value.message + cause
  }
  if (typeof value !== 'object' || value === null) return String(value)
  // a Secret prints itself as (secret)
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return JSON.stringify(value)
  if (depth >= DEPTH) return '(deep)'
  if (Array.isArray(value)) return value.map((v) => valueText(v, depth + 1)).join(' ')
  return Object.entries(value)
    .map(([name, v]) => `${name}=${SECRET.test(name) ? '(redacted)' : valueText(v, depth + 1)}`)
    .join(' ')
}
