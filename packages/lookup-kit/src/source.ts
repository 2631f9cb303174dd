/** What a table's definition says, whether it stands in the configuration or in a file of its own. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { nearest } from '@postern/core'
import type { TableSource } from '@postern/core'
import type { z } from 'zod'
import { parseTableFile } from './table-file.ts'

export type SourceOptions<T> =
  | {
      readonly ok: true
      readonly options: T
      /** of the file, none for an object */ readonly warnings: readonly string[]
    }
  /** for a log and for status: no value of an option stands in it */
  | { readonly ok: false; readonly problem: string }

/**
 * The options behind `type:`. Text names a file of `snake_case = value` lines in Postfix's names; an object has the same
 * options in camelCase. The schema gets them in camelCase and must be strict; values of a file are text. Names that the
 * schema does not know are a problem in an object, and a warning in a file: Postfix ignores them there.
 */
export async function readSource<S extends z.ZodObject>(
  source: TableSource,
  schema: S,
): Promise<SourceOptions<z.output<S>>> {
  if (typeof source.spec !== 'string') return checked(schema, source.spec, (name) => name, [])
  const path = resolve(source.folder, source.spec)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return { ok: false, problem: (error as Error).message }
  }
  const { entries, problems } = parseTableFile(text)
  const first = problems[0]
  if (first !== undefined) return { ok: false, problem: `${path}, ${first}` }
  const known = Object.keys(schema.shape)
  // `tls_CAfile` is `tlsCaFile`
  const names = new Map(known.map((name) => [name.toLowerCase(), name]))
  const written = new Map<string, string>()
  const warnings: string[] = []
  const raw: Record<string, string> = {}
  for (const [name, { line, value }] of entries) {
    const camel = names.get(name.replaceAll('_', '').toLowerCase())
    if (camel !== undefined) {
      raw[camel] = value
      written.set(camel, name)
    } else warnings.push(`${path}, line ${line}: unknown parameter ${name}${hint(name, known.map(snakeCase))}`)
  }
  const place = (name: string) => {
    const snake = written.get(name) ?? snakeCase(name)
    const line = entries.get(snake)?.line
    return `${path}${line === undefined ? '' : `, line ${line}`}: ${snake}`
  }
  return checked(schema, raw, place, warnings)
}

function checked<S extends z.ZodObject>(
  schema: S,
  raw: unknown,
  place: (name: string) => string,
  warnings: readonly string[],
): SourceOptions<z.output<S>> {
  const result = schema.safeParse(raw)
  if (result.success) return { ok: true, options: result.data, warnings }
  const issue = result.error.issues[0]!
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0]!
    return { ok: false, problem: `unknown option ${name}${hint(name, Object.keys(schema.shape))}` }
  }
  const name = String(issue.path[0] ?? '')
  const missing = !Object.hasOwn(raw as object, name)
  return { ok: false, problem: `${place(name)}: ${missing ? 'is missing' : issue.message}` }
}
function hint(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near === undefined ? '' : `; did you mean ${near}?`
}
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
