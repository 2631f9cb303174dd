/** A list of domains and tables, read in order as Postfix reads it: the first entry that matches decides. */
import type { Call, MaybePromise, Table, TableRef } from '@postern/core'
import { firstOf, parents } from './maps.ts'
import type { Failed } from './maps.ts'

/** a domain, `.domain` (its subdomains), `!domain` (not this one), or a table whose keys are domains */
export type DomainEntry = string | TableRef
export type Matched = boolean | Failed
export interface DomainList {
  /** domains that stand in the list themselves, lower case */
  readonly literals: readonly string[]
  readonly empty: boolean
  /** Answers at once where no table had to be asked. `domain` in lower case. */
  match(domain: string, call: Call): MaybePromise<Matched>
  /** as `match`, the tables left out */
  matchLiteral(domain: string): boolean
}
export interface ListOptions {
  /** parent_domain_matches_subdomains */
  readonly parents: boolean
  /** domains match themselves only, and `.domain` nothing: Postfix's mydestination, virtual_alias_domains and virtual_mailbox_domains */
  readonly exact?: boolean
  /** false: `.domain` matches nothing, as in Postfix where parents match */
  readonly dots?: boolean
}

/** Neighbouring domains of one sign share a set, so that a long list costs one probe a label. */
interface Names {
  readonly kind: 'names'
  readonly sign: boolean
  readonly exact: Set<string>
  /** match every subdomain */
  readonly above: Set<string>
}
type Segment = Names | { readonly kind: 'table'; readonly table: Table }

export function domainList(
  entries: readonly DomainEntry[],
  open: (ref: TableRef) => Table,
  options: ListOptions,
): DomainList {
  const segments = segmentsOf(entries, open, options)
  const literals = segments.flatMap((s) => (s.kind === 'names' && s.sign ? [...s.exact] : []))

  const keysOf = (domain: string) =>
    options.exact
      ? [domain]
      : options.parents
        ? [domain, ...parents(domain)]
        : [domain, ...[...parents(domain)].map((p) => `.${p}`)]

  async function fromTable(at: number, domain: string, call: Call): Promise<Matched> {
    const segment = segments[at]!
    if (segment.kind === 'names') return matchFrom(at, domain, call)
    const answer = await firstOf([segment.table], keysOf(domain), call)
    if (answer.kind === 'failed') return answer
    return answer.kind === 'found' ? true : matchFrom(at + 1, domain, call)
  }
  function matchFrom(at: number, domain: string, call: Call): MaybePromise<Matched> {
    for (let i = at; i < segments.length; i++) {
      const segment = segments[i]!
      if (segment.kind === 'table') return fromTable(i, domain, call)
      if (inNames(segment, domain)) return segment.sign
    }
    return false
  }
  return {
    literals,
    empty: segments.length === 0,
    match: (domain, call) => matchFrom(0, domain, call),
    matchLiteral(domain) {
      for (const s of segments) if (s.kind === 'names' && inNames(s, domain)) return s.sign
      return false
    },
  }
}

function segmentsOf(entries: readonly DomainEntry[], open: (ref: TableRef) => Table, options: ListOptions): Segment[] {
  const segments: Segment[] = []
  for (const entry of entries) {
    if (typeof entry !== 'string') {
      segments.push({ kind: 'table', table: open(entry) })
      continue
    }
    const sign = !entry.startsWith('!')
    const last = segments.at(-1)
    let names: Names
    if (last?.kind === 'names' && last.sign === sign) names = last
    else segments.push((names = { kind: 'names', sign, exact: new Set(), above: new Set() }))
    const domain = entry.slice(sign ? 0 : 1).toLowerCase()
    if (options.exact || options.dots === false || !domain.startsWith('.')) names.exact.add(domain)
    if (options.exact) continue
    if (!domain.startsWith('.')) {
      if (options.parents) names.above.add(domain)
    } else if (options.dots !== false) names.above.add(domain.slice(1))
  }
  return segments
}
function inNames(names: Names, domain: string): boolean {
  if (names.exact.has(domain)) return true
  if (names.above.size > 0) for (const parent of parents(domain)) if (names.above.has(parent)) return true
  return false
}
