/**
 * Postfix's inline syntax: `{ key=value, { key = value with blanks }, ... }`. Pairs are parted by commas or white space;
 * a pair in braces may hold both. Of two equal keys the last one counts.
 */
export type InlineResult =
  | { readonly ok: true; readonly entries: readonly (readonly [string, string])[] }
  | { readonly ok: false; readonly problem: string }

type Pair = { readonly pair: readonly [string, string] } | { readonly error: string }

/** Parses the text behind `inline:`. */
export function parseInline(text: string): InlineResult {
  const bad = (why: string): InlineResult => ({
    ok: false,
    problem: `${why}: "inline:${text}"; need "inline:{ {key = value}, ... }"`,
  })
  const spec = text.trim()
  if (spec === '' || closing(spec, 0) !== spec.length - 1) return bad('bad syntax')
  const entries: (readonly [string, string])[] = []
  for (const token of tokens(spec.slice(1, -1))) {
    const result = pairOf(token)
    if ('error' in result) return bad(result.error)
    entries.push(result.pair)
  }
  return entries.length === 0 ? bad('empty table') : { ok: true, entries }
}

/** Reads the object form, `{ type: inline, map: { key: value } }`, without its `type`. */
export function entriesOf(spec: Readonly<Record<string, unknown>>): InlineResult {
  const bad = (why: string): InlineResult => ({
    ok: false,
    problem: `${why} in an inline table; need { type: inline, map: { key: value } }`,
  })
  const { map, ...rest } = spec
  const extra = Object.keys(rest)[0]
  if (extra !== undefined) return bad(`unknown property "${extra}"`)
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return bad('no "map"')
  const entries: (readonly [string, string])[] = []
  for (const [key, value] of Object.entries(map)) {
    if (key === '') return bad('an empty key')
    // YAML reads `uid: 5000` and `open: true` as a number and a boolean; the table means the text
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      return bad(`the value of "${key}" is not text`)
    entries.push([key, String(value)])
  }
  // an object without keys is meant: nobody is in it
  return { ok: true, entries }
}

/** Index of the brace that closes the one at `at`, -1 when there is none. */
function closing(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
    if (depth === 0) return -1
  }
  return -1
}

/** Parts at commas and white space outside braces. An open brace takes the rest, which `pairOf` then refuses. */
function* tokens(text: string): Generator<string> {
  let start = 0
  let depth = 0
  for (let i = 0; i <= text.length; i++) {
    const c = text[i]
    if (c === '{') depth++
    else if (c === '}') depth--
    else if (c === undefined || (depth <= 0 && /[\s,]/.test(c))) {
      if (i > start) yield text.slice(start, i)
      start = i + 1
    }
  }
}

function pairOf(token: string): Pair {
  let text = token
  if (token.startsWith('{')) {
    const end = closing(token, 0)
    if (end < 0) return { error: `missing "}" in "${token}"` }
    if (end !== token.length - 1) return { error: `syntax error after "}" in "${token}"` }
    text = token.slice(1, -1).trim()
  }
  const at = text.indexOf('=')
  if (at < 0) return { error: `missing "=" after the key in "${text}"` }
  const key = text.slice(0, at).trim()
  return key === '' ? { error: `missing key in "${text}"` } : { pair: [key, text.slice(at + 1).trim()] }
}
