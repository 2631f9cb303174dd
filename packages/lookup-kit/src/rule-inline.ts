/** Rules that stand in the configuration: `pcre:{ {/a/ b}, ... }`, `{ type: pcre, rules: [...] }`. */
import { z } from 'zod'

/** An object of the configuration that holds rules. */
export const rulesOptions = z.strictObject({
  rules: z
    .union([z.string(), z.array(z.string())])
    .describe('the rules in order, one text each; or the whole table as one text, as it would stand in a file'),
})

export type InlineText = { readonly text: string } | { readonly problem: string }

/** The text behind `type:` as the file that it stands for, one rule a line. */
export function inlineText(type: string, spec: string): InlineText {
  const bad = (what: string): InlineText => ({ problem: `${type} map: ${what}` })
  const end = closing(spec, 0)
  if (end < 0) return bad(`missing '}' in "${spec}"`)
  if (spec.slice(end + 1).trim() !== '') return bad(`syntax error after '}' in "${spec}"`)
  const rules: string[] = []
  const body = spec.slice(1, end)
  for (let at = 0; ;) {
    at += /^[\s,]*/.exec(body.slice(at))![0].length
    if (at >= body.length) return { text: rules.join('\n') }
    // a rule goes to the white space or comma behind its brace
    const close = body[at] === '{' ? closing(body, at) : -1
    const word = wordAt(body, at)
    if (body[at] !== '{') return bad(`no '{' at start of text in "${word}"`)
    if (close < 0) return bad(`missing '}' in "${word}"`)
    if (close !== at + word.length - 1) return bad(`syntax error after '}' in "${word}"`)
    rules.push(body.slice(at + 1, close).trim())
    at = close + 1
  }
}

/** Up to white space or a comma outside braces. */
function wordAt(text: string, at: number): string {
  let depth = 0
  let end = at
  for (; end < text.length; end++) {
    const c = text[end]!
    if (c === '{') depth++
    else if (c === '}') depth--
    else if (depth <= 0 && /[\s,]/.test(c)) break
  }
  return text.slice(at, end)
}
/** Index of the brace that closes the one at `at`, -1 when there is none. */
function closing(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
  }
  return -1
}

/** The object form without its `type`: each rule a text, or the whole table as one text. */
export function rulesText(type: string, spec: Readonly<Record<string, unknown>>): InlineText {
  const bad = (what: string): InlineText => ({
    problem: `${what} in a ${type} table; need { type: ${type}, rules: [...] }`,
  })
  const { rules, ...rest } = spec
  const extra = Object.keys(rest)[0]
  if (extra !== undefined) return bad(`unknown property "${extra}"`)
  if (typeof rules === 'string') return { text: rules }
  if (!Array.isArray(rules)) return bad('no "rules"')
  if (!rules.every((r) => typeof r === 'string')) return bad('a rule that is not text')
  return { text: rules.map((r: string) => r.trim()).join('\n') }
}
