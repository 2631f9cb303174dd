/** The `domain` parameter: only addresses in these domains are looked up. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Is the key an address with a local part, in a domain of the list? */
export type DomainFilter = (key: string) => boolean

/**
 * Domains; names of files (they start with `/` or `./`) that hold some, parted by white space or commas. `!domain` takes one
 * out; the first that matches counts. Without any every key passes; with some, bare names, domains, `user@` and `@domain` do
 * not. Throws what is wrong with an entry or a file.
 */
export function domainFilter(entries: readonly string[], folder: string): DomainFilter {
  if (entries.length === 0) return () => true
  const domains = new Map<string, boolean>()
  const add = (entry: string) => {
    const name = entry.replace(/^!+/, '')
    // the first counts
    if (!domains.has(name)) domains.set(name, (entry.length - name.length) % 2 === 0)
  }
  for (const entry of entries) {
    if (/^!*[a-z][\w-]*:/i.test(entry)) throw new Error(`domain: tables are not possible here, got ${entry}`)
    if (/^!+\.?\.?\//.test(entry)) throw new Error(`domain: a file cannot be taken out as a whole, got ${entry}`)
    if (/^\.?\.?\//.test(entry)) domainsIn(resolve(folder, entry)).forEach(add)
    else add(entry.toLowerCase())
  }
  return (key) => {
    const at = key.lastIndexOf('@')
    return at > 0 && domains.get(key.slice(at + 1).toLowerCase()) === true
  }
}
const domainsIn = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .replace(/^\s*#.*$/gm, '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((domain) => domain !== '')
