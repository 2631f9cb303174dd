/** Checks values against a zod schema and says each problem with file, path and the nearest valid name. */
import { z } from 'zod'
import { nearest } from '../nearest.ts'
import type { Problem } from '../errors.ts'

interface JsonSchema {
  properties?: Record<string, JsonSchema>
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
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
  unknownKeys(value, shape, shape, place.path, add)
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
      } else for (const leaf of leaves(issue)) add(join(place.path, leaf.path), leaf.message, suggestValue(leaf))
    }
  return problems.length === 0 ? { value: parsed.data, problems } : { problems }
}

interface Leaf {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly values?: readonly unknown[]
  readonly input?: unknown
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
      input: issue.input,
    },
  ]
}
const suggestValue = (l: Leaf) =>
  l.values && typeof l.input === 'string' ? nearest(l.input, l.values.map(String)) : undefined

function unknownKeys(
  value: unknown,
  schema: JsonSchema,
  root: JsonSchema,
  path: string,
  add: (path: string, message: string, suggestion?: string) => void,
): void {
  const s = deref(schema, root)
  if (Array.isArray(value)) {
    if (s.items) value.forEach((v, i) => unknownKeys(v, s.items!, root, `${path}[${i}]`, add))
    return
  }
  // a branch of a union cannot be told from here: zod's own strictness speaks there
  if (typeof value !== 'object' || value === null || !s.properties) return
  for (const [key, v] of Object.entries(value)) {
    const inner = s.properties[key]
    if (inner) unknownKeys(v, inner, root, join(path, [key]), add)
    else if (s.additionalProperties === undefined || s.additionalProperties === false)
      add(join(path, [key]), 'unknown option', nearest(key, Object.keys(s.properties)))
  }
}
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
