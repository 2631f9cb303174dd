import { resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { FORMATS } from '@postern/cdb'
import type { TextFormat } from '@postern/cdb'
import type { TableSource } from '@postern/core'
import { z } from 'zod'

export interface Source {
  /** as in the configuration, for logs */
  readonly name: string
  readonly path: string
  readonly format: TextFormat
}
export const tableOptions = z.strictObject({
  file: z.string().min(1).describe('the text; it is read as it stands'),
  format: z.enum(FORMATS).default('table').describe('`table`: lines `key value`; `aliases`: lines `name: value`'),
})

/** What a definition names, or a text that says why it names nothing. */
export function sourceOf(type: string, { spec, folder }: TableSource): Source | string {
  if (typeof spec === 'string') {
    if (spec === '') return `${type} table without a file name; need "${type}:/path/to/file"`
    return { name: `${type}:${spec}`, path: resolve(folder, spec), format: 'table' }
  }
  const result = tableOptions.safeParse(spec)
  if (!result.success) {
    const { path, message } = result.error.issues[0]!
    const at = path.length > 0 ? `${path.join('.')}: ` : ''
    return `${type} table: ${at}${message}; need { type: ${type}, file, format: ${FORMATS.join(' | ')} }`
  }
  const { file, format } = result.data
  return { name: `${type}:${file}`, path: resolve(folder, file), format }
}

/** What Postfix's commands make beside a text. */
const BINARY = ['.db', '.lmdb', '.dir', '.pag', '.cdb']

/** The reason of an error; where only a binary table of Postfix is there, what to do with it. */
export function reasonOf(error: unknown, { path }: Pick<Source, 'path'>): string {
  const said = error instanceof Error ? error.message : String(error)
  if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') return said
  const suffix = BINARY.find((one) => existsSync(path + one))
  if (suffix === undefined) return said
  if (suffix === '.cdb') return `${said}; there is ${path}.cdb: write cdb:${path}`
  const type = suffix === '.lmdb' ? 'lmdb' : suffix === '.db' ? 'hash' : 'dbm'
  const text = `postmap -s ${type}:${path} > ${path}`
  return `${said}; there is ${path}${suffix}, which is not read here: make the text of it with "${text}"`
}
