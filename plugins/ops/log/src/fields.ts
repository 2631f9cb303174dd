/** What a line may hold: errors become plain data, secrets become nothing. */

/** Names whose values are never written, whatever an operator lists. */
const ALWAYS = /^(password|passwd|pass|secret|token|credentials?|authorization|apikey|privatekey)$/i
const REDACTED = '(redacted)'
const DEPTH = 4
/** names whose answer is remembered */
const NAMES = 1000

/** `(redacted)` for the names of secrets and for `paths` (`user`, `client.address`); errors by message and code. */
export function fieldsFor(
  paths: readonly string[],
): (fields: Readonly<Record<string, unknown>>) => Record<string, unknown> {
  const hidden = new Set(paths)
  // names come from code: there are few, and each is in many lines
  const secret = new Map<string, boolean>()
  const isSecret = (key: string): boolean => {
    const answer = ALWAYS.test(key)
    if (secret.size < NAMES) secret.set(key, answer)
    return answer
  }
  const plainObject = (value: object, path: string, depth: number): Record<string, unknown> => {
    const out: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const at = path === '' ? key : `${path}.${key}`
      const v = (value as Record<string, unknown>)[key]
      if (v === undefined) continue
      out[key] = (secret.get(key) ?? isSecret(key)) || hidden.has(at) ? REDACTED : plain(v, at, depth)
    }
    return out
  }
  const plain = (value: unknown, path: string, depth: number): unknown => {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Error) return errorFields(value)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
    // a Secret prints itself as (secret)
    const own = (value as { toJSON?: unknown }).toJSON
    if (typeof own === 'function') return own.call(value)
    if (depth >= DEPTH) return '(deep)'
    if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
    if (Array.isArray(value)) return value.map((v) => plain(v, path, depth + 1))
    return plainObject(value, path, depth + 1)
  }
  const isPlain = (fields: Readonly<Record<string, unknown>>): boolean => {
    for (const key of Object.keys(fields)) {
      if ((secret.get(key) ?? isSecret(key)) || hidden.has(key) || !isSimple(fields[key])) return false
    }
    return true
  }
  // most lines are as they may be written: those are not copied
  return (fields) => (isPlain(fields) ? fields : plainObject(fields, '', 0))
}
const isSimple = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === undefined

/** Message, code, and what caused it; no stack and no other property, which may hold a password. */
export function errorFields(error: Error, depth = 0): Record<string, unknown> {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return {
    message: error.message,
    ...(code !== undefined && { code: String(code) }),
    ...(cause instanceof Error && depth < 3 && { cause: errorFields(cause, depth + 1) }),
  }
}
