/** The plugin under test, with ways and classes by domain, and aliases as an alias plugin would have them. */
import verify from '@postern/route-verify'
import { tap } from '@postern/testkit'
import type { Tapped } from '@postern/testkit'
import { addressOf } from '@postern/core'
import type { AddressClass, AddressWays, Call, MailAddress, RecipientRewrites, ResolvedAddress } from '@postern/core'

type Context = NonNullable<Parameters<typeof tap>[2]>
export type Options = NonNullable<Parameters<typeof verify>[0]>

const CLASSES: Record<string, AddressClass> = {
  'local.example': 'local',
  'va.example': 'virtualAlias',
  'vm.example': 'virtualMailbox',
  'catch.example': 'virtualMailbox',
  'relay.example': 'relay',
  'sub.relay.example': 'relay',
}
export interface Around extends Context {
  /** `transport:nexthop` by domain; `away`: the table is */
  readonly ways?: Readonly<Record<string, string>>
  /** what resolve comes to in the end: other addresses, or a failure */
  readonly ends?: Readonly<Record<string, readonly string[] | Failure>>
  readonly rewrites?: RecipientRewrites
}
export type Failure = Pick<Extract<ResolvedAddress, { kind: 'failed' }>, 'permanent' | 'esc' | 'text'>

export function build(options: Options, around: Around = {}): Tapped {
  const classOf = (address: MailAddress): AddressClass => CLASSES[address.domain.toLowerCase()] ?? 'default'
  const ways: AddressWays = {
    wayOf(address) {
      if (address.local.includes('%')) address = addressOf(address.local.replace('%', '@'))
      const domain = address.domain.toLowerCase()
      const way = around.ways?.[domain] ?? 'smtp:'
      if (way === 'away') return { kind: 'failed', why: 'retry', cause: 'away' }
      const at = way.indexOf(':')
      const addressClass = classOf(address)
      const [transport, nexthop] = addressClass === 'virtualAlias' ? ['', ''] : [way.slice(0, at), way.slice(at + 1)]
      return { kind: 'way', address, addressClass, transport, nexthop: nexthop || domain }
    },
  }
  return tap(verify, options, {
    site: { myorigin: 'local.example', recipientDelimiter: '+' },
    needs: {
      ways,
      classes: { classOf: (a: MailAddress) => ({ kind: 'class', class: classOf(a) }) },
      rewrites: around.rewrites ? { canonical: around.rewrites } : {},
    },
    resolve: (address: string, _call: Call): ResolvedAddress => {
      const end = around.ends?.[address]
      if (end && !Array.isArray(end)) return { kind: 'failed', address, ...(end as Failure) }
      // an unknown address ends where the plugin of the classes refuses it
      if (!end) return { kind: 'failed', address, permanent: true, esc: '5.1.1', text: 'unknown user: "..."' }
      const routes = (end as readonly string[]).map((to) => ({ address: to, transport: 'smtp', nexthop: 'x' }))
      return { kind: 'routes', routes, failures: [] }
    },
    ...around,
  })
}

/** What is kept for the end of RCPT, behind other policy. */
export function kept(answer: unknown): string | undefined {
  const { edits } = (answer ?? {}) as { edits?: { kind: string; refuse: Said }[] }
  return edits?.map((e) => `${e.kind} ${line(e.refuse)}`).join()
}
interface Said {
  readonly code: number
  readonly esc: string
  readonly text: string
}
export const line = ({ code, esc, text }: Said): string => `${code} ${esc} ${text}`
