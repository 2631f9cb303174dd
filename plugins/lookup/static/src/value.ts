import type { TableSource } from '@postern/core'

/**
 * The value a definition names: the text, the text in braces (which keeps commas and blanks apart from a list of
 * tables), or the property `value`. `undefined` when there is none.
 */
export function staticValue(spec: TableSource['spec']): string | undefined {
  const raw = typeof spec === 'string' ? spec : only(spec)
  if (raw === undefined) return undefined
  const braced = /^\{([\s\S]*)\}$/.exec(raw)
  const value = braced ? braced[1]!.trim() : raw
  return value === '' ? undefined : value
}

function only(spec: Readonly<Record<string, unknown>>): string | undefined {
  const { value, ...rest } = spec
  if (Object.keys(rest).length > 0) return undefined
  // YAML reads `value: 5000` as a number
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
