/** The plugin under test, with a resolve stage in which `aliases` come before it, as an alias plugin would. */
import classes from '@postern/route-classes'
import { resolveView, tap } from '@postern/testkit'
import type { Tapped } from '@postern/testkit'
import type { Call, ResolvedAddress, Site } from '@postern/core'

type Context = NonNullable<Parameters<typeof tap>[2]>
export type Options = NonNullable<Parameters<typeof classes>[0]>

/** an alias whose table does not answer */
export const AWAY = '(away)'

export const SITE: Partial<Site> = {
  myhostname: 'mail.local.example',
  mydomain: 'local.example',
  myorigin: 'local.example',
  recipientDelimiter: '+',
}

export function build(
  options: Options,
  context: Context & { aliases?: Record<string, string | undefined> } = {},
): Tapped {
  const t: Tapped = tap(classes, options, {
    site: SITE,
    ...context,
    resolve: (address, call) => resolved(t, address, context.aliases ?? {}, call),
  })
  return t
}

async function resolved(t: Tapped, address: string, aliases: Record<string, string | undefined>, call: Call) {
  const target = aliases[address] ?? address
  if (target === AWAY)
    return { kind: 'failed', address, permanent: false, esc: '4.3.0', text: 'away' } satisfies ResolvedAddress
  const answer = await t.resolve(resolveView({ recipient: target }), call)
  if (answer?.kind === 'route') {
    const { transport, nexthop = '' } = answer
    return { kind: 'routes', routes: [{ address: target, transport, nexthop }], failures: [] } satisfies ResolvedAddress
  }
  if (answer?.kind !== 'refuse' && answer?.kind !== 'defer') throw new Error('no answer')
  return {
    kind: 'failed',
    address: target,
    permanent: answer.kind === 'refuse',
    esc: answer.esc,
    text: answer.text,
  } satisfies ResolvedAddress
}
