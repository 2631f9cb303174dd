/** Lists of domains, networks and the like: patterns, tables, and files that stand for what they hold. */
import { readTextNow } from './lines.ts'
import { COMMA_BLANKS, words } from './text.ts'

export type ListElement = {
  /** `!` in front: what it fits is not in the list */
  readonly negated: boolean
  /** the file that it came from; absent: the value itself */
  readonly file?: string
} & (
  | { readonly kind: 'pattern'; readonly text: string }
  /** `type:name` */
  | { readonly kind: 'table'; readonly table: string }
  /** cannot be read, or is in itself: Postfix answers "not now" for all that asks so far down the list */
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string }
)

/**
 * The elements of a value (expanded), in order. `/path` is replaced by the elements in its lines (those that begin with
 * `#` are left out), `!/path` by their opposites. A `#` element ends a line, with a note to `warn`, as in Postfix.
 */
export function readList(value: string, warn?: (text: string) => void): ListElement[] {
  return elements(value, false, [], warn ?? (() => undefined))
}

function elements(
  text: string,
  opposite: boolean,
  inside: readonly string[],
  warn: (text: string) => void,
): ListElement[] {
  const found: ListElement[] = []
  const from = inside.at(-1)
  const origin = from === undefined ? {} : { file: from }
  const parts = words(text, COMMA_BLANKS)
  for (const [index, word] of parts.entries()) {
    if (word.startsWith('#')) {
      warn(`#comment after other text is not allowed: ${parts.slice(index).join(' ')}`)
      break
    }
    const bare = word.replace(/^!+/, '')
    const negated = opposite !== ((word.length - bare.length) % 2 === 1)
    if (bare === '') warn("no pattern after '!'")
    else if (bare.startsWith('/')) found.push(...fileElements(bare, negated, inside, warn))
    // an IPv6 address stands in brackets
    else if (!bare.startsWith('[') && bare.includes(':')) found.push({ kind: 'table', table: bare, negated, ...origin })
    else found.push({ kind: 'pattern', text: bare, negated, ...origin })
  }
  return found
}

function fileElements(
  path: string,
  negated: boolean,
  inside: readonly string[],
  warn: (text: string) => void,
): ListElement[] {
  if (inside.includes(path)) return [{ kind: 'unreadable', path, negated, reason: 'it is in itself' }]
  let text: string
  try {
    text = readTextNow(path)
  } catch (error) {
    return [{ kind: 'unreadable', path, negated, reason: (error as Error).message }]
  }
  const found: ListElement[] = []
  for (const line of text.split('\n'))
    if (!line.startsWith('#')) found.push(...elements(line, negated, [...inside, path], warn))
  return found
}

/**
 * The value of a parameter that Debian's Postfix takes from a file when it begins with `/` (myorigin): the file's first
 * line. Throws as readFileSync does.
 */
export function valueOrFirstLine(value: string): string {
  if (!value.startsWith('/')) return value
  return readTextNow(value).split('\n')[0]!.trim()
}
