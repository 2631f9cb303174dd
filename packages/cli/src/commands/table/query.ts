/** `postern table query` */
import type { DeskTable, Lookup } from '@postern/core'
import { EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { printer, warn } from '../print.ts'
import { ask } from './ask.ts'
import { keyOf, linesOf } from './lines.ts'
import { about, withTables } from './opened.ts'

/** As `postmap -q`: 0 when a key was found, 1 when none was; a lookup that fails ends it with 1. */
const NONE = 1
const ABSENT: Lookup = { kind: 'absent' }

export async function query(name: string, keys: readonly string[], o: ReportOptions): Promise<void> {
  process.exitCode = await withTables(o.config, async ({ open }) => {
    const table = await open(name)
    const one = keys.length === 1 && keys[0] !== '-'
    return answers(table, keys, (key, answer) => {
      if (o.json) return JSON.stringify({ key, ...answer }) + '\n'
      if (answer.kind !== 'found') return ''
      return one ? `${answer.value}\n` : `${key}\t${answer.value}\n`
    })
  })
}
async function answers(
  table: DeskTable,
  keys: readonly string[],
  line: (key: string, answer: Lookup) => string,
): Promise<number> {
  const out = printer()
  let code = NONE
  try {
    for await (const bytes of inputs(keys)) {
      const key = keyOf(bytes)
      const answer = key === undefined ? ABSENT : await ask(table, key)
      await out.add(line(bytes.toString(), answer))
      if (answer.kind === 'found') code = EX.OK
      if (answer.kind !== 'failed') continue
      warn([about(table.name, answer.cause)])
      return NONE
    }
    return code
  } finally {
    await out.flush()
  }
}
/** The arguments; `-` stands for the lines of standard input. */
async function* inputs(keys: readonly string[]): AsyncGenerator<Buffer> {
  for (const key of keys) {
    if (key === '-') yield* linesOf(process.stdin)
    else yield Buffer.from(key)
  }
}
