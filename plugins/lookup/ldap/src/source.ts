/** Where a table's parameters stand: a file, an object, or main.cf with a tag in front of each name. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { TableDefinition, TableSource } from '@postern/core'
import { domainParts, parameterIn, parseTableFile, readSource, tablesIn } from '@postern/lookup-kit'
import type { SourceOptions } from '@postern/lookup-kit'
import { tableSchema } from './options.ts'
import type { TableOptions } from './options.ts'

/** what Postfix no longer heeds, or what belongs to its library */
const IDLE = /unknown parameter (cache|cache_expiry|cache_size|debuglevel|tls_random_file)(;.*)?$/

/**
 * `ldap:TAG` is read from `mainCf` when that is set and the tag is no path, as Postfix 2.0 and before had it; a warning tells
 * names that nobody knows.
 */
export async function readTable(source: TableSource, mainCf: string | undefined): Promise<SourceOptions<TableOptions>> {
  const tag = tagOf(source, mainCf)
  const read = tag === undefined ? await readSource(source, tableSchema) : await readTagged(source, tag, mainCf!)
  if (!read.ok) return read
  const warnings = read.warnings.map((text) => text.replace(IDLE, 'parameter $1 has no effect here'))
  return { ...read, warnings }
}
/** The tables of `domain`, wherever it stands. */
export function tablesOf(source: TableSource, mainCf: string | undefined): readonly TableDefinition[] {
  const tag = tagOf(source, mainCf)
  if (tag === undefined) return domainParts(source)
  return tablesIn(parameterIn(resolve(source.folder, mainCf!), `${tag}_domain`), source.folder)
}
const tagOf = ({ spec }: TableSource, mainCf: string | undefined): string | undefined =>
  typeof spec === 'string' && mainCf !== undefined && !/^[./]/.test(spec) ? spec : undefined

async function readTagged(source: TableSource, tag: string, mainCf: string): Promise<SourceOptions<TableOptions>> {
  const path = resolve(source.folder, mainCf)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return { ok: false, problem: (error as Error).message }
  }
  const spec: Record<string, string> = {}
  const warnings: string[] = []
  for (const [name, { line, value }] of parseTableFile(text).entries) {
    if (!name.startsWith(`${tag}_`)) continue
    const camel = name.slice(tag.length + 1).replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase())
    if (Object.hasOwn(tableSchema.shape, camel)) spec[camel] = value
    else warnings.push(`${path}, line ${line}: unknown parameter ${name.slice(tag.length + 1)}`)
  }
  if (Object.keys(spec).length === 0) return { ok: false, problem: `${path}: there are no parameters ${tag}_...` }
  const read = await readSource({ ...source, spec }, tableSchema)
  if (read.ok) return { ...read, warnings }
  const problem = read.problem.replace(/^[A-Za-z]+(?=:)/, (camel) =>
    camel.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
  )
  return { ok: false, problem: `${path}: ${tag}_${problem}` }
}
