/** May a site's mail be asked for? A list as Postfix matches fast_flush_domains, or the relay class. */
import { addressOf } from '@postern/core'
import type { AddressClasses, Call, Lookup, MaybePromise, Table, TableRef } from '@postern/core'
import type { DomainEntry } from './options.ts'

export type Answer = boolean | Extract<Lookup, { kind: 'failed' }>
/** `domain` in lower case */
export type Served = (domain: string, call: Call) => MaybePromise<Answer>

export const relayClass =
  (classes: AddressClasses): Served =>
  (domain, call) => {
    const answer = classes.classOf(addressOf(`postmaster@${domain}`), call)
    return answer instanceof Promise ? answer.then(isRelay) : isRelay(answer)
  }
const isRelay = (answer: Awaited<ReturnType<AddressClasses['classOf']>>): Answer =>
  answer.kind === 'failed' ? answer : answer.class === 'relay'

/** The first entry that matches decides; `!domain` says no. */
export function listed(entries: readonly DomainEntry[], open: (ref: TableRef) => Table): Served {
  const parts = entries.map((e) => (typeof e === 'string' ? pattern(e) : open(e)))
  if (parts.some((p) => 'get' in p)) return (domain, call) => ask(parts, domain, call)
  return (domain) => (parts as Pattern[]).find((p) => p.matches(domain))?.sign ?? false
}

interface Pattern {
  readonly sign: boolean
  matches(domain: string): boolean
}
function pattern(entry: string): Pattern {
  const sign = !entry.startsWith('!')
  const name = (sign ? entry : entry.slice(1)).toLowerCase()
  const parent = name.startsWith('.') ? name : `.${name}`
  return { sign, matches: (domain) => domain === name || domain.endsWith(parent) }
}
async function ask(parts: readonly (Pattern | Table)[], domain: string, call: Call): Promise<Answer> {
  for (const part of parts) {
    if ('matches' in part) {
      if (part.matches(domain)) return part.sign
      continue
    }
    for (const key of withParents(domain)) {
      const answer = await part.get(key, call)
      if (answer.kind === 'failed') return answer
      if (answer.kind === 'found') return true
    }
  }
  return false
}
function withParents(domain: string): string[] {
  if (domain.startsWith('[')) return [domain]
  const labels = domain.split('.')
  return labels.map((_, i) => labels.slice(i).join('.'))
}
