/** -s: all entries of the first table, as Postfix has it. */
import type { TableEntry } from '@postern/core'
import { Fatal } from './fatal.ts'
import type { Flags } from './flags.ts'
import { Named } from './open.ts'
import type { Opener } from './open.ts'
import { Output } from './output.ts'
import { contentOf } from './files.ts'

export async function list(flags: Flags, opener: Opener, say: (text: string) => void): Promise<number> {
  const named = new Named(flags.tables[0]!)
  const table = await opener.open(named)
  const entries = table.entries()
  if (!entries) throw new Fatal(`table ${named.name}: sequence operation is not supported`)
  const out = new Output()
  const tab = flags.command === 'postalias' ? ':\t' : '\t'
  try {
    for await (const [key, value] of guarded(named, entries)) {
      const content = flags.files ? contentOf(named, key, value) : { bytes: Buffer.from(value) }
      if ('bytes' in content) await out.add(key, tab, content.bytes, '\n')
      else say(`warning: ${content.problem}`)
    }
  } finally {
    await out.end()
  }
  return 0
}
async function* guarded(
  { name }: Named,
  entries: AsyncIterable<TableEntry> | Iterable<TableEntry>,
): AsyncGenerator<TableEntry> {
  try {
    yield* entries
  } catch (error) {
    throw new Fatal(`table ${name}: sequence error: ${(error as Error).message}`)
  }
}
