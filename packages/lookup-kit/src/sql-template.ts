/**
 * A query template of an SQL table. What is put in must stand in quotes of the template, `'%s'` or `'%u@%d'`, and is
 * escaped for those quotes: a key can end neither the text nor the name it stands in. A code outside of quotes would be
 * SQL of whoever sends mail, and is refused when the table is opened.
 */
import { Template } from './template.ts'

export interface SqlDialect {
  /** MySQL: `#` comments, names in backquotes, backslashes in "..." */
  readonly mysql?: boolean
  /** PostgreSQL: E'...', U&'...', $tag$...$tag$ */
  readonly postgres?: boolean
}
interface Piece {
  readonly text: string
  /** what the codes in it stand in; none: outside of quotes */
  readonly quote?: string
  /** is a backslash special there? */
  readonly backslash?: boolean
}

/** What the quotes of any piece, or a backslash in them, could be. */
const SPECIAL = /['"`\\]/

export class SqlTemplate {
  readonly #pieces: readonly { readonly template: Template; readonly escape: (value: string) => string }[]

  /**
   * `backslash`: is it special in '...', as with MySQL but not with its NO_BACKSLASH_ESCAPES, and not with PostgreSQL's
   * standard_conforming_strings? Throws when a code stands where it cannot be made safe.
   */
  constructor(template: string, dialect: SqlDialect, backslash: boolean) {
    this.#pieces = pieces(template, dialect, backslash).map((piece) => {
      const { text, quote, backslash: special } = piece
      const code = /%[^%]/.exec(text.replaceAll('%%', ''))?.[0]
      if (code !== undefined && quote === undefined) throw new Error(`query: ${code} must stand in quotes: '${code}'`)
      if (code !== undefined && special && /(?<!\\)(\\\\)*\\%[^%]/.test(text))
        throw new Error(`query: a backslash in front of ${code}`)
      return { template: new Template(text), escape: escaping(piece) }
    })
  }
  /** `undefined`: the template asks for what the key does not have */
  fill(key: string): string | undefined {
    let sql = ''
    for (const { template, escape } of this.#pieces) {
      const part = template.fill(key, undefined, escape)
      if (part === undefined) return undefined
      sql += part
    }
    return sql
  }
}
function escaping({ quote, backslash }: Piece): (value: string) => string {
  return (value) => {
    if (!SPECIAL.test(value)) return value
    const safe = backslash ? value.replaceAll('\\', '\\\\') : value
    return quote === undefined ? safe : safe.replaceAll(quote, quote + quote)
  }
}

/** Cuts a template into what is in quotes and what is not. */
function pieces(template: string, dialect: SqlDialect, backslash: boolean): Piece[] {
  const out: Piece[] = []
  let bare = 0
  const cut = (from: number, to: number, piece: Omit<Piece, 'text'>) => {
    if (from > bare) out.push({ text: template.slice(bare, from) })
    out.push({ ...piece, text: template.slice(from, to) })
    bare = to
  }
  for (let i = 0; i < template.length;) {
    const rest = template.slice(i)
    const skip = comment(rest, dialect)
    const c = template[i]!
    if (skip > 0) i += skip
    else if (c === "'" || c === '"' || (c === '`' && dialect.mysql)) {
      const before = template.slice(0, i)
      const special = c === "'" ? backslash || (dialect.postgres === true && /(^|[^\w$])(e|u&)$/i.test(before)) : false
      const escapes = special || (c === '"' && dialect.mysql === true && backslash)
      const end = closing(template, i, c, escapes)
      cut(i, end, { quote: c, backslash: escapes })
      i = end
    } else i++
  }
  if (bare < template.length) out.push({ text: template.slice(bare) })
  return out
}
/** Characters of the comment, or of the $tag$ text, that begins here. */
function comment(rest: string, { mysql, postgres }: SqlDialect): number {
  const line = mysql ? /^(#|--\s)[^\n]*/ : /^--[^\n]*/
  const tagged = postgres ? /^\$(\w*)\$[\s\S]*?\$\1\$/.exec(rest) : null
  if (tagged) return tagged[0].length
  const found = line.exec(rest)?.[0].length ?? 0
  if (found > 0 || !rest.startsWith('/*')) return found
  const end = rest.indexOf('*/', 2)
  // nested ones end elsewhere for PostgreSQL, and what `/*!` holds MySQL carries out
  if (end < 0 || rest.slice(2, end).includes('/*') || rest[2] === '!' || rest[2] === 'M')
    throw new Error('query: a comment that is not closed, nested or carried out')
  return end + 2
}
function closing(text: string, start: number, quote: string, backslash: boolean): number {
  for (let i = start + 1; i < text.length; i++) {
    if (backslash && text[i] === '\\') i++
    else if (text[i] !== quote) continue
    else if (text[i + 1] === quote) i++
    else return i + 1
  }
  throw new Error(`query: a ${quote} that is not closed`)
}
