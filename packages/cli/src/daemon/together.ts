/** Several workers' answers as one. */
import type { Json } from '@postern/core'

/** Numbers are added, lists joined, a yes wins; of what is `missing`, what nobody had. */
export function together(results: readonly Json[]): Json {
  const [first, ...others] = results
  if (others.length === 0 || typeof first !== 'object' || first === null || Array.isArray(first)) return first ?? null
  const values = (key: string): Json[] => results.map((r) => (r as Record<string, Json>)[key] ?? null)
  return Object.fromEntries(Object.keys(first).map((key) => [key, joined(key, values(key))]))
}
function joined(key: string, values: readonly Json[]): Json {
  if (values.every((v) => typeof v === 'number')) return values.reduce((sum, v) => sum + v, 0)
  if (values.every((v) => typeof v === 'boolean')) return values.some((v) => v)
  if (!values.every((v) => Array.isArray(v))) return values.find((v) => v !== null) ?? null
  const [first, ...others] = values as Json[][]
  if (key === 'missing') return first!.filter((v) => others.every((o) => o.includes(v)))
  return [...first!, ...others.flat()]
}
