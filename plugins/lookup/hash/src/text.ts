import { Lines, foldKey, parseEntry } from '@postern/cdb'
import type { TextFormat } from '@postern/cdb'

/** The physical lines of an entry, by their numbers from 0. */
interface Span {
  readonly first: number
  last: number
}
const silent = () => undefined

/** A table's text that is being edited, line by line. */
export class TextOfTable {
  readonly #lines: (string | undefined)[]
  readonly #spans = new Map<string, Span[]>()
  readonly #ending: string
  readonly #added: string[] = []

  constructor(text: string, format: TextFormat) {
    this.#ending = /\r\n/.test(text) ? '\r\n' : '\n'
    this.#lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
    const starts: { line: number; key: string | undefined }[] = []
    const lines = new Lines((logical) => {
      const key = parseEntry(format, logical, silent)?.key
      starts.push({ line: logical.line - 1, key })
    }, silent)
    lines.push(Buffer.from(text))
    lines.end()
    starts.forEach(({ line, key }, i) => {
      if (key === undefined) return
      const span = { first: line, last: (starts[i + 1]?.line ?? this.#lines.length) - 1 }
      const folded = foldKey(key)
      const known = this.#spans.get(folded)
      if (known) known.push(span)
      else this.#spans.set(folded, [span])
    })
  }
  has(key: string): boolean {
    return this.#spans.has(key)
  }
  /** All entries of the key: behind the first one another would come to life. */
  remove(key: string): boolean {
    const spans = this.#spans.get(key) ?? []
    for (const span of spans) this.#cut(span)
    return this.#spans.delete(key)
  }
  /** In its place. */
  replace(key: string, line: string): void {
    const [first] = this.#spans.get(key)!
    this.#cut(first!)
    this.#lines[first!.first] = line
  }
  append(line: string): void {
    this.#added.push(line)
  }
  toString(): string {
    const all = [...this.#lines.filter((line) => line !== undefined), ...this.#added]
    return all.length === 0 ? '' : all.join(this.#ending) + this.#ending
  }

  /** The line and its continuations; comments and empty lines between and behind them stay. */
  #cut({ first, last }: Span): void {
    this.#lines[first] = undefined
    for (let n = first + 1; n <= last; n++)
      if (!/^[ \t\v\f\r]*(#|$)/.test(this.#lines[n] ?? '')) this.#lines[n] = undefined
  }
}

/** An entry as a line; throws when a line cannot say it. Keys of tables are written as given, quotes and all. */
export function lineOf(format: TextFormat, key: string, value: string): string {
  const written =
    format === 'aliases' && /[^\w.+=/~!$%&'*?^`{|}-]/.test(key) && !key.startsWith('"') ? quoted(key) : key
  const line = format === 'aliases' ? `${written}: ${value}` : `${key}\t${value}`
  const told: string[] = []
  const lines: { line: number; text: string }[] = []
  const reader = new Lines(
    (one) => lines.push(one),
    (p) => told.push(p.what),
  )
  reader.push(Buffer.from(line))
  reader.end()
  const [only] = lines
  const back = only && lines.length === 1 ? parseEntry(format, only, (p) => !p.kept && told.push(p.what)) : undefined
  // names and values of aliases come back in another form, with the same meaning
  const same = back && (format === 'aliases' || (back.key === key && back.value === value.replace(SPACES, '')))
  if (!same || /[\n\0]/.test(line)) {
    const why = told[0] ?? 'a key with white space must be in quotes, and neither may have a line end'
    throw new Error(`"${key}" cannot be written to a table: ${why}`)
  }
  return line
}
const SPACES = /^[ \t\v\f\r]+|[ \t\v\f\r]+$/g
const quoted = (key: string): string => `"${key.replace(/["\\]/g, '\\$&')}"`
