/** The transport table (transport(5)): who overrides the way out of a class. */
import type { Call, MailAddress, Table } from '@postern/core'
import { splitExtension } from '@postern/core'
import { firstOf, parents } from '@postern/maps'
import type { Failed } from '@postern/maps'

/** An empty part leaves what the class says. */
export interface Override {
  readonly kind: 'override'
  readonly transport: string
  readonly nexthop: string
}

/** `user+ext@domain`, `user@domain`, `domain`, `.parent` ..., `*` */
export function transportKeys(address: MailAddress, domain: string, delimiters: string): string[] {
  const local = address.local.toLowerCase()
  const { user, extension } = splitExtension(local, delimiters)
  const keys = [`${local}@${domain}`]
  if (extension !== undefined) keys.push(`${user}@${domain}`)
  keys.push(domain)
  for (const parent of parents(domain)) keys.push(`.${parent}`)
  keys.push('*')
  return keys
}

/** `smtp:[host]:25`; a name without colon is a transport. */
export function parseTransport(value: string): { transport: string; nexthop: string } {
  const text = value.trim()
  const colon = text.indexOf(':')
  return colon < 0
    ? { transport: text, nexthop: '' }
    : { transport: text.slice(0, colon).trim(), nexthop: text.slice(colon + 1).trim() }
}

export async function lookupTransport(
  tables: readonly Table[],
  keys: readonly string[],
  call: Call,
): Promise<Override | undefined | Failed> {
  const answer = await firstOf(tables, keys, call)
  if (answer.kind === 'failed') return answer
  if (answer.kind === 'absent') return undefined
  const { transport, nexthop } = parseTransport(answer.value)
  // ":" says: as if this table were not there
  return transport === '' && nexthop === '' ? undefined : { kind: 'override', transport, nexthop }
}
