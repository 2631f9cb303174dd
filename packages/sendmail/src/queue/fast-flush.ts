/** Whether a site's mail may be asked for: Postfix's fast_flush_domains. */
import { readFileSync } from 'node:fs'
import type { Parameters } from '@postern/postfix-config'
import { EX, Fatal, systemText } from '../fatal.ts'
import type { Place } from '../place.ts'

/** Whether a table of the list knows the name. */
export type TableHas = (table: string, name: string) => Promise<boolean>

/** Without a Postfix folder every site may. Throws Fatal (69) where a table is needed and cannot be asked. */
export async function isFastFlush({ postfix }: Place, site: string, tableHas?: TableHas): Promise<boolean> {
  if (postfix === undefined) return true
  const { parametersOf } = await import('../postfix.ts')
  const parameters = await parametersOf(postfix, EX.UNAVAILABLE)
  const names = namesOf(site, parameters)
  for (const entry of parameters.list('fast_flush_domains').flatMap((word) => entriesOf(word))) {
    const not = entry.startsWith('!')
    const pattern = not ? entry.slice(1) : entry
    if (await matches(pattern, names, tableHas)) return !not
  }
  return false
}
/** A name that begins with `/` stands for what is in that file; `!` before it for the opposite of each. */
function entriesOf(word: string): string[] {
  const [, not, file] = /^(!?)(\/.*)$/.exec(word) ?? []
  if (file === undefined) return [word]
  return linesOf(file)
    .join(' ')
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap((entry) => entriesOf(!not ? entry : entry.startsWith('!') ? entry.slice(1) : `!${entry}`))
}
function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !/^\s*#/.test(line))
  } catch (error) {
    throw new Fatal(`open file ${file}: ${systemText(error)}`, EX.UNAVAILABLE)
  }
}
/** The site itself, and what is above it, as parent_domain_matches_subdomains writes that. */
function namesOf(site: string, parameters: Parameters): string[] {
  if (site.startsWith('[')) return [site]
  const labels = site.split('.')
  const above = labels.slice(1).map((_, i) => labels.slice(i + 1).join('.'))
  const isBare = parameters.list('parent_domain_matches_subdomains').includes('fast_flush_domains')
  return [site, ...(isBare ? above : above.map((name) => `.${name}`))]
}
async function matches(pattern: string, names: readonly string[], tableHas: TableHas | undefined): Promise<boolean> {
  if (!/^[a-z][\w-]*:/i.test(pattern)) return names.includes(pattern.toLowerCase())
  if (!tableHas)
    throw new Fatal(
      `fast_flush_domains: ${pattern}: only postqueue of @postern/postfix-tools asks tables`,
      EX.UNAVAILABLE,
    )
  for (const name of names) if (await tableHas(pattern, name)) return true
  return false
}
