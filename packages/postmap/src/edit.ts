/** -i: entries from standard input into a table; -d: a key out of it. Both change the text that people write. */
import type { TableChanges, TableEdited, TableEntry } from '@postern/core'
import { Problems, readText } from '@postern/cdb'
import { keyOf, linesOf } from '@postern/cli/tables'
import { Fatal } from './fatal.ts'
import type { Flags } from './flags.ts'
import { Named } from './open.ts'
import type { Opener } from './open.ts'
import { asOwner } from './owner.ts'

export async function edit(flags: Flags, opener: Opener, say: (text: string) => void): Promise<number> {
  return flags.mode === 'delete' ? await remove(flags, opener) : await put(flags, opener, say)
}

/** 0: one of the keys was in one of the tables. */
async function remove(flags: Flags, opener: Opener): Promise<number> {
  const keys: string[] = []
  if (flags.key !== '-') keys.push(flags.key)
  else for await (const line of linesOf(process.stdin)) keys.push(...[keyOf(line)].filter((k) => k !== undefined))
  let removed = 0
  for (const text of flags.tables) {
    const named = new Named(text)
    const edited = await change(named, flags, opener, { remove: keys, duplicates: 'keep' })
    if (!edited) throw new Fatal(`${named.name} map requires O_RDONLY access mode`)
    removed += edited.removed
  }
  return removed > 0 ? 0 : 1
}

async function put(flags: Flags, opener: Opener, say: (text: string) => void): Promise<number> {
  const entries = await givenEntries(flags, say)
  for (const text of flags.tables) {
    const named = new Named(text)
    const changes: TableChanges = { put: entries, duplicates: flags.replace ? 'replace' : 'keep' }
    const edited = await change(named, flags, opener, changes)
    if (!edited) throw new Fatal(`unsupported dictionary type: ${named.type} does not support bulk-mode creation.`)
    if (!flags.silent && !flags.replace)
      for (const key of edited.duplicates) say(`warning: ${named.rest}: duplicate entry: "${key.toLowerCase()}"`)
  }
  return 0
}

/** The entries on standard input; what is left out is said. */
async function givenEntries({ command }: Flags, say: (text: string) => void): Promise<TableEntry[]> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk)
  const entries: TableEntry[] = []
  const problems = new Problems()
  await readText(Buffer.concat(chunks), {
    format: command === 'postalias' ? 'aliases' : 'table',
    entry: ({ key, value }) => entries.push([key, value]),
    problem: problems.tell,
  })
  for (const line of problems.lines('stdin')) say(`warning: ${line}`)
  return entries
}

/** `undefined`: tables of this type cannot be changed. */
async function change(
  named: Named,
  flags: Flags,
  opener: Opener,
  changes: TableChanges,
): Promise<TableEdited | undefined> {
  const { type, source, context } = await opener.type(named)
  if (!type.edit) return undefined
  const change = type.edit.bind(type)
  return asOwner(named.file, flags, () => change(source, changes, context)).catch((error: Error) => {
    throw new Fatal(`table ${named.name}: write error: ${error.message}`)
  })
}
