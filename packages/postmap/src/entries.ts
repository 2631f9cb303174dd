/** Entries on standard input: `key value` lines as postmap(1) has them, `name: value` lines as aliases(5) has them. */
import { isUtf8 } from 'node:buffer'
import type { TableEntry } from '@postern/core'
import type { Command } from './flags.ts'

export interface Line {
  /** of the physical line it begins at, from 1 */
  readonly number: number
  readonly text: string
}
const WHERE = 'stdin'

/** Comments and empty lines are left out, white space in front continues a line. */
export async function* logicalLines(lines: AsyncIterable<Buffer>, say: (text: string) => void): AsyncGenerator<Line> {
  let open: { number: number; parts: Buffer[] } | undefined
  let number = 0
  for await (const line of lines) {
    number++
    const bare = line.toString('latin1').trim()
    if (bare === '' || bare.startsWith('#')) continue
    if (line[0] !== 32 && line[0] !== 9) {
      if (open) yield* joined(open, say)
      open = { number, parts: [line] }
    } else if (open) open.parts.push(line)
    else say(`warning: ${WHERE}, line ${number}: logical line must not start with whitespace: "${printable(bare)}"`)
  }
  if (open) yield* joined(open, say)
}
function* joined({ number, parts }: { number: number; parts: Buffer[] }, say: (text: string) => void): Generator<Line> {
  const bytes = Buffer.concat(parts)
  if (isUtf8(bytes)) yield { number, text: bytes.toString('utf8').trimEnd() }
  else
    say(
      `warning: ${WHERE}, line ${number}: non-UTF-8 input "${printable(bytes.toString('latin1'))}" -- ignoring this line`,
    )
}
/** `undefined`: not an entry, which has been said. */
export function entryOf(line: Line, command: Command, say: (text: string) => void): TableEntry | undefined {
  const found = command === 'postalias' ? aliasOf(line.text) : pairOf(line.text)
  if (typeof found !== 'string') {
    if (command === 'postmap' && found[0].endsWith(':'))
      say(`warning: ${WHERE}, line ${line.number}: record is in "key: value" format; is this an alias file?`)
    return found
  }
  say(`warning: ${WHERE}, line ${line.number}: ${found}`)
  return undefined
}

/** What is wrong, or the pair. The key ends at the first white space outside quotes, which stay. */
function pairOf(text: string): TableEntry | string {
  const key = /^(?:"(?:[^"\\]|\\.)*"|\\.|[^\s"\\])+/s.exec(text)?.[0] ?? ''
  const rest = text.slice(key.length)
  if (rest !== '' && !/^\s/.test(rest)) return `unbalanced '"' in '${text.slice(0, 100)}' -- ignoring this line`
  const value = rest.trim()
  return key === '' || value === '' ? 'expected format: key whitespace value' : [key, value]
}
/** The name may stand in quotes, which go. */
function aliasOf(text: string): TableEntry | string {
  const quoted = /^\s*"((?:[^"\\]|\\.)*)"\s*:(.*)$/s.exec(text)
  const plain = /^\s*([^":\s][^":]*?)\s*:(.*)$/s.exec(text)
  const name = quoted ? quoted[1]!.replace(/\\(.)/gs, '$1') : plain?.[1]
  const value = (quoted ?? plain)?.[2]!.trim()
  if (!name || !value) return 'need name:value pair'
  return name.includes('@') && !quoted ? 'name must be local' : [name, value]
}
const printable = (text: string): string => text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')
