/** -q: one key, lines of standard input, or the lines of a message. */
import { isUtf8 } from 'node:buffer'
import type { DeskTable } from '@postern/core'
import { ask, linesOf } from '@postern/cli/tables'
import { Fatal } from './fatal.ts'
import type { Flags } from './flags.ts'
import { messageLines } from './message.ts'
import { Named } from './open.ts'
import type { Opener } from './open.ts'
import { Output } from './output.ts'
import { contentOf } from './files.ts'

interface Asked {
  readonly named: Named
  /** opened for the first key that comes to it */
  table: DeskTable | undefined
}

/** 0: a key was found, in the first table that has it. Throws Fatal for a lookup that fails. */
export async function query(flags: Flags, opener: Opener, say: (text: string) => void): Promise<number> {
  const tables = flags.tables.map((text): Asked => ({ named: new Named(text), table: undefined }))
  const first = new First(tables, flags, opener, say)
  if (flags.key !== '-') {
    const value = await first.find(flags.key)
    if (value === undefined) return 1
    await new Output().end(value, '\n')
    return 0
  }
  const out = new Output()
  let code = 1
  try {
    for await (const line of keysOf(flags)) {
      const value = await first.find(keyOf(line, flags), line)
      if (value === undefined) continue
      code = 0
      await out.add(line, flags.command === 'postalias' ? ':\t' : '\t', value, '\n')
    }
  } finally {
    await out.end()
  }
  return code
}
const keysOf = (flags: Flags): AsyncIterable<Buffer> =>
  flags.body || flags.header ? messageLines(linesOf(process.stdin), flags) : linesOf(process.stdin)

/** Lines of a message may be in any character set; `undefined`: another key that is not UTF-8, which is in no table. */
function keyOf(line: Buffer, flags: Flags): string | undefined {
  if (isUtf8(line)) return line.toString('utf8')
  return (flags.body || flags.header) && !flags.utf8Only ? line.toString('latin1') : undefined
}

class First {
  readonly #tables: readonly Asked[]
  readonly #flags: Flags
  readonly #opener: Opener
  readonly #say: (text: string) => void
  constructor(tables: readonly Asked[], flags: Flags, opener: Opener, say: (text: string) => void) {
    this.#tables = tables
    this.#flags = flags
    this.#opener = opener
    this.#say = say
  }
  /** `line`: what `key` was made of */
  async find(key: string | undefined, line?: Buffer): Promise<string | Buffer | undefined> {
    for (const asked of this.#tables) {
      const table = (asked.table ??= await this.#opener.open(asked.named))
      if (key === undefined) {
        const shown = line!.toString('latin1').replace(/[^\x20-\x7e]/g, '?')
        this.#say(`warning: ${asked.named.name}: non-UTF-8 key "${shown}": malformed UTF-8 or invalid codepoint`)
        continue
      }
      this.#mindCase(table, asked.named, key)
      const answer = await ask(table, key)
      if (answer.kind === 'failed') throw new Fatal(`table ${asked.named.name}: query error: ${answer.cause}`)
      if (answer.kind === 'found') return this.#value(asked.named, key, answer.value)
    }
    return undefined
  }
  #value(named: Named, key: string, value: string): string | Buffer | undefined {
    if (value === '') {
      this.#say(`warning: table ${named.name}: key ${key}: empty string result is not allowed`)
      this.#say(`warning: table ${named.name} should return NO RESULT in case of NOT FOUND`)
    }
    if (!this.#flags.files) return value
    const content = contentOf(named, key, value)
    if ('bytes' in content) return content.bytes
    this.#say(`warning: ${content.problem}`)
    return undefined
  }
  /** Case matters to patterns only: they fold by their flags, and -f changes nothing, as in Postfix. */
  #mindCase(table: DeskTable, { name }: Named, key: string): void {
    if (this.#flags.unfolded && !table.pattern && key !== key.toLowerCase())
      this.#say(`warning: table ${name}: key ${key} is folded to lower case in spite of -f, as every lookup does it`)
  }
}
