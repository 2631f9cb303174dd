/** Checks values against a zod schema and says each problem with file, path and the nearest valid name. */
import { z } from 'zod'
import { nearest } from '../nearest.ts'
import type { Problem } from '../errors.ts'

interface JsonSchema {
  properties?: Record<string, JsonSchema>
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  prefixItems?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  type?: string
}
/** Where the checked value stands. */
export interface Place {
  readonly file: string
  readonly path: string
}

/** The parsed value, or the problems, all at once. Unknown keys are problems at every depth, even under z.object. */
export function checkOptions<S extends z.ZodType>(
  schema: S,
  value: unknown,
  place: Place,
): { value?: z.output<S>; problems: Problem[] } {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  const problems: Problem[] = []
  const add = (path: string, message: string, suggestion?: string) => {
    if (!problems.some((p) => p.path === path && p.message === message))
      problems.push({ code: 'PN_CONFIG_INVALID', file: place.file, path, message, suggestion })
  }
  unknownKeys(value, [shape], shape, place.path, add)
  let parsed
  try {
    parsed = schema.safeParse(value)
  } catch (error) {
    add(place.path, `cannot be checked: ${(error as Error).message}`)
    return { problems }
  }
  if (!parsed.success)
    for (const issue of parsed.error.issues) {
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys)
          add(join(place.path, [...issue.path, key]), 'unknown option', nearest(key, keysAt(shape, shape, issue.path)))
      } else
        for (const leaf of leaves(issue))
          add(join(place.path, leaf.path), leaf.message, suggestValue(leaf, valueAt(value, leaf.path)))
    }
  return problems.length === 0 ? { value: parsed.data, problems } : { problems }
}

interface Leaf {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly values?: readonly unknown[]
}
/** A union's own message is "Invalid input": its branches say more. */
function leaves(issue: z.core.$ZodIssue): Leaf[] {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.map((b) => b.flatMap((i) => leaves({ ...i, path: [...issue.path, ...i.path] })))
    // the branch that got deepest is the one that was meant
    const depth = (b: Leaf[]) => Math.max(0, ...b.map((l) => l.path.length))
    const best = branches.reduce((a, b) => (depth(b) > depth(a) ? b : a))
    if (depth(best) > issue.path.length) return best
    return [{ path: issue.path, message: [...new Set(branches.flat().map((l) => l.message))].join('; or ') }]
  }
  return [
    {
      path: issue.path,
      message: issue.message,
      values: issue.code === 'invalid_value' ? issue.values : undefined,
    },
  ]
}
const suggestValue = (l: Leaf, given: unknown) =>
  l.values && typeof given === 'string' ? nearest(given, l.values.map(String)) : undefined

/** Keys that no schema names, at every depth: through lists, tuples, records and the branches of unions. */
function unknownKeys(value: unknown, schemas: readonly JsonSchema[], root: JsonSchema, path: string, add: Add): void {
  const branches = schemas.flatMap((s) => flatten(s, root))
  if (Array.isArray(value)) {
    value.forEach((v, i) => {
      const inner = branches.flatMap((b) => b.prefixItems?.[i] ?? b.items ?? [])
      if (inner.length > 0) unknownKeys(v, inner, root, `${path}[${i}]`, add)
    })
    return
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return
  const objects = branches.filter((b) => b.properties || typeof b.additionalProperties === 'object')
  if (objects.length === 0) return
  for (const [key, v] of Object.entries(value)) {
    const inner = objects.flatMap(
      (b) => b.properties?.[key] ?? (typeof b.additionalProperties === 'object' ? b.additionalProperties : []),
    )
    if (inner.length > 0) unknownKeys(v, inner, root, join(path, [key]), add)
    else if (!objects.some((b) => b.additionalProperties === true))
      add(
        join(path, [key]),
        'unknown option',
        nearest(
          key,
          objects.flatMap((b) => Object.keys(b.properties ?? {})),
        ),
      )
  }
}
/** The schemas a value may be of: references followed, unions opened. */
function flatten(s: JsonSchema, root: JsonSchema): JsonSchema[] {
  const d = deref(s, root)
  const inner = [...(d.anyOf ?? []), ...(d.oneOf ?? []), ...(d.allOf ?? [])]
  return inner.length > 0 ? inner.flatMap((b) => flatten(b, root)) : [d]
}
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value)
}
type Add = (path: string, message: string, suggestion?: string) => void
function keysAt(schema: JsonSchema, root: JsonSchema, path: readonly PropertyKey[]): string[] {
  const s = deref(schema, root)
  const branches = [...(s.anyOf ?? []), ...(s.oneOf ?? []), ...(s.allOf ?? [])]
  if (branches.length > 0) return branches.flatMap((b) => keysAt(b, root, path))
  const [head, ...rest] = path
  if (head === undefined) return Object.keys(s.properties ?? {})
  const inner =
    typeof head === 'number'
      ? s.items
      : (s.properties?.[String(head)] ??
        (typeof s.additionalProperties === 'object' ? s.additionalProperties : undefined))
  return inner ? keysAt(inner, root, rest) : []
}
const deref = (s: JsonSchema, root: JsonSchema): JsonSchema =>
  s.$ref ? (root.$defs?.[s.$ref.replace('#/$defs/', '')] ?? s) : s
/** `plugins[2].listen-smtp.listen[0]` */
export const join = (base: string, path: readonly PropertyKey[]): string =>
  path.reduce<string>((at, p) => (typeof p === 'number' ? `${at}[${p}]` : at ? `${at}.${String(p)}` : String(p)), base)
