/**
 * The files that `mysql:`, `ldap:` and their likes name: `name = value` lines as in main.cf (postconf(5)). A line that
 * starts with white space continues the one before; lines whose first character that is no white space is `#` are
 * comments. Of a name that stands there twice the last line counts. `$name` is not expanded here, as Postfix has it.
 */

export interface TableFileEntry {
  /** number of its first line, from 1 */
  readonly line: number
  readonly value: string
}
export interface TableFile {
  readonly entries: ReadonlyMap<string, TableFileEntry>
  /** each with its line number */
  readonly problems: readonly string[]
}

export function parseTableFile(text: string): TableFile {
  const entries = new Map<string, TableFileEntry>()
  const problems: string[] = []
  let pending: { line: number; text: string } | undefined
  const take = () => {
    if (!pending) return
    const { line, text: logical } = pending
    const at = logical.indexOf('=')
    const name = logical.slice(0, Math.max(at, 0)).trim()
    if (at < 0 || name === '' || /\s/.test(name)) problems.push(`line ${line}: expected name = value`)
    else entries.set(name, { line, value: logical.slice(at + 1).trim() })
    pending = undefined
  }
  for (const [i, raw] of text.split('\n').entries()) {
    const bare = raw.trim()
    if (bare === '' || bare.startsWith('#')) continue
    if (/^\s/.test(raw)) {
      if (pending) pending.text += ` ${bare}`
      else problems.push(`line ${i + 1}: a line must not start with white space unless it continues another`)
      continue
    }
    take()
    pending = { line: i + 1, text: bare }
  }
  take()
  return { entries, problems }
}
