/** What several rows do with a value. */
import { literal } from '../reader.ts'
import type { Reader } from '../reader.ts'
import type { Conversion, Row } from '../rows.ts'

/** The option is left out where the parameter is empty. */
export const whenSet = (r: Reader, name: string): unknown => (r.text(name) === '' ? undefined : literal(r.text(name)))
/** The same for text whose `$name` are filled in when it is used. */
export const whenRaw = (r: Reader, name: string): unknown => (r.text(name) === '' ? undefined : r.read(name, 'raw'))
/** Keywords: their case does not count. */
export const lower = (r: Reader, name: string): string[] => r.words(name).map((word) => literal(word.toLowerCase()))
/** Is `word` in the list? */
export const holds =
  (word: string) =>
  (r: Reader, name: string): boolean =>
    r.has(name, word)
/** What is left of a row where `receive_override_options` has no_address_mappings: `empty`. */
export const mapped = (as: Conversion, empty: unknown = []): Pick<Row, 'as' | 'with'> => ({
  as: (r, name) => (r.has('receive_override_options', 'no_address_mappings') ? empty : as(r, name)),
  with: ['receive_override_options'],
})
/** A plugin's `when`: one of these is not empty. */
export const named =
  (...names: string[]) =>
  (r: Reader): boolean =>
    names.some((name) => r.text(name) !== '')
/** Text with C's escapes (`\a`, `\177`), as bytes with a character each. */
export function bytesOf(r: Reader, name: string): string {
  const text = Buffer.from(r.text(name), 'utf8').toString('latin1')
  const plain = text.replace(/\\([0-7]{1,3}|[^])?/g, (_all, escape: string | undefined = '') =>
    /^[0-7]/.test(escape) ? String.fromCharCode(parseInt(escape, 8) & 255) : (ESCAPES[escape] ?? escape),
  )
  return literal(plain)
}
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
