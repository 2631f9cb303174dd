import { resolve } from 'node:path'
import { FORMATS } from '@postern/cdb'
import type { TextFormat } from '@postern/cdb'
import type { TableSource } from '@postern/core'
import { z } from 'zod'

export interface Source {
  /** as in the configuration, for logs */
  readonly name: string
  /** the text that people write; only `build` reads it */
  readonly text: string
  /** the cdb file */
  readonly path: string
  readonly format: TextFormat
}
export const tableOptions = z.strictObject({
  file: z.string().min(1).describe('name of the text; `.cdb` is added for the file that lookups read'),
  format: z.enum(FORMATS).default('table').describe('`table`: lines `key value`; `aliases`: lines `name: value`'),
})

/** What a definition names, or a text that says why it names nothing. The suffix `.cdb` is added, as Postfix does. */
export function sourceOf({ spec, folder }: TableSource): Source | string {
  if (spec === '') return 'cdb table without a file name; need "cdb:/path/to/file" for /path/to/file.cdb'
  const result = tableOptions.safeParse(typeof spec === 'string' ? { file: spec } : spec)
  if (!result.success) {
    const { path, message } = result.error.issues[0]!
    const at = path.length > 0 ? `${path.join('.')}: ` : ''
    return `cdb table: ${at}${message}; need { type: cdb, file, format: ${FORMATS.join(' | ')} }`
  }
  const { file, format } = result.data
  const text = resolve(folder, file)
  return { name: `cdb:${file}`, text, path: `${text}.cdb`, format }
}
