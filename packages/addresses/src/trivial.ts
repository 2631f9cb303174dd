/** Addresses in their standard form, `user@domain` (Postfix's trivial-rewrite). */
import { isOp, lastAt, tokensOf } from './tokens.ts'
import type { Token } from './tokens.ts'

export interface TrivialOptions {
  /** `site!user` becomes `user@site` */
  readonly swapBangpath: boolean
  /** `user%domain` becomes `user@domain` */
  readonly allowPercentHack: boolean
  /** appended to `user`; none: it stays */
  readonly origin: string | undefined
  /** appended to `user@host`; none: it stays */
  readonly domain: string | undefined
}
const op = (text: string): Token => ({ kind: 'op', text })

/** The standard form; the same tokens when they have it. */
export function trivial(tokens: readonly Token[], o: TrivialOptions): readonly Token[] {
  if (tokens.length === 0 || (tokens.length === 1 && tokens[0]!.text === '')) return tokens
  if (tokens.length === 1 && isOp(tokens[0], '@')) return []
  return withoutDot(withDomain(withOrigin(withoutRoute(tokens), o), o))
}

/** `@a,@b:user@domain` (RFC 5321 appendix C) */
function withoutRoute(tokens: readonly Token[]): readonly Token[] {
  if (!isOp(tokens[0], '@')) return tokens
  const colon = tokens.findIndex((t) => isOp(t, ':'))
  return colon < 0 || colon === tokens.length - 1 ? tokens : tokens.slice(colon + 1)
}
function withOrigin(tokens: readonly Token[], o: TrivialOptions): readonly Token[] {
  if (lastAt(tokens) >= 0) return tokens
  const bang = o.swapBangpath ? tokens.findIndex((t) => isOp(t, '!')) : -1
  const user = tokens.slice(bang + 1)
  // no site: as Postfix has it, the user's words grow together
  if (bang === 0) return [{ kind: 'quoted', text: user.map((t) => t.text).join('') }, op('@')]
  if (bang > 0) return [...user, op('@'), ...tokens.slice(0, bang)]
  const percent = o.allowPercentHack ? tokens.findLastIndex((t) => isOp(t, '%')) : -1
  if (percent >= 0) return tokens.with(percent, op('@'))
  return o.origin ? [...tokens, op('@'), ...tokensOf(o.origin)] : tokens
}
/** Broken forms such as `user@` are left alone. */
function withDomain(tokens: readonly Token[], o: TrivialOptions): readonly Token[] {
  const at = lastAt(tokens)
  if (!o.domain || at < 0 || at === tokens.length - 1) return tokens
  const domain = tokens.slice(at + 1)
  return domain.some((t) => t.kind === 'literal' || isOp(t, '.')) ? tokens : [...tokens, op('.'), ...tokensOf(o.domain)]
}
/** `user@domain.`, but neither `user@domain..` nor `user@.` */
function withoutDot(tokens: readonly Token[]): readonly Token[] {
  const before = tokens.at(-2)
  const strip = before !== undefined && isOp(tokens.at(-1), '.') && !isOp(before, '.@')
  return strip ? tokens.slice(0, -1) : tokens
}
