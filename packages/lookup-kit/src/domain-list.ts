/** The words of a `domain` parameter: domains, files that hold some, tables. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { TableDefinition, TableSource } from '@postern/core'
import { parseTableFile } from './table-file.ts'
import { list } from './values.ts'

export interface DomainWord {
  /** a domain in small letters, or `type:name` */
  readonly text: string
  readonly table: boolean
  /** `false`: taken out, by a `!` in front of it */
  readonly yes: boolean
}
/** files within files */
const DEPTH = 20

/** Those of files in the place of their names. Throws what is wrong with a word or a file. */
export function domainWords(entries: readonly string[], folder: string, depth = DEPTH): DomainWord[] {
  return entries.flatMap((entry) => {
    const name = entry.replace(/^!+/, '')
    const yes = (entry.length - name.length) % 2 === 0
    if (/^\.?\.?\//.test(name)) {
      if (name !== entry) throw new Error(`domain: a file cannot be taken out as a whole, got ${entry}`)
      if (depth === 0) throw new Error(`domain: too many files within files, at ${entry}`)
      return domainWords(wordsIn(resolve(folder, name)), folder, depth - 1)
    }
    const table = /^[a-z][\w-]*:/i.test(name)
    return [{ text: table ? name : name.toLowerCase(), table, yes }]
  })
}
const wordsIn = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .replace(/^\s*#.*$/gm, '')
    .split(/[\s,]+/)
    .filter((word) => word !== '')

/** The tables that a value of `domain` names, each once. None when it is no list, or a file in it cannot be read. */
export function tablesIn(value: unknown, folder: string): readonly TableDefinition[] {
  const entries = list().safeParse(value)
  if (!entries.success) return []
  try {
    const words = domainWords(entries.data, folder)
    return [...new Set(words.filter((word) => word.table).map((word) => word.text))]
  } catch {
    return []
  }
}
/**
 * The tables that `domain` names in a table's definition, for `TableType.parts`. Of a file it is read at once; one that
 * cannot be read names none, and whoever opens the table says why.
 */
export function domainParts(source: TableSource): readonly TableDefinition[] {
  const { spec, folder } = source
  return tablesIn(typeof spec === 'string' ? parameterIn(resolve(folder, spec), 'domain') : spec.domain, folder)
}
/** One parameter of a table's file; `undefined` when it is not there, or the file cannot be read. */
export function parameterIn(path: string, name: string): string | undefined {
  try {
    return parseTableFile(readFileSync(path, 'utf8')).entries.get(name)?.value
  } catch {
    return undefined
  }
}
