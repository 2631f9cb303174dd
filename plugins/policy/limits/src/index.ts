/** @postern/policy-limits: limits for single next hops, from the configuration and from a table. */
import { definePlugin, destinationPolicy } from '@postern/core'
import type { Call, DestinationLimits, DestinationPolicy, Table } from '@postern/core'
import { keysFor, transportOf } from './keys.ts'
import { options } from './options.ts'
import { parseLimits, problemText } from './text.ts'

export default definePlugin({
  name: 'policy-limits',
  options,
  provides: [destinationPolicy],
  apply(mta, chosen) {
    const own = new Map<string, DestinationLimits>()
    for (const [key, limits] of Object.entries(chosen.destinations)) {
      const transport = transportOf(key)
      if (transport !== undefined) mta.transport(transport, `destinations.${key}`)
      own.set(key.toLowerCase(), limits)
    }
    const table = chosen.destinationLimits && mta.table(chosen.destinationLimits)
    mta.provide(destinationPolicy, table ? fromBoth(own, table) : fromConfiguration(own))
  },
})

const fromConfiguration = (own: ReadonlyMap<string, DestinationLimits>): DestinationPolicy => ({
  limitsFor(transport, nexthop) {
    if (own.size === 0) return undefined
    const key = keysFor(transport, nexthop).find((k) => own.has(k))
    return key === undefined ? undefined : own.get(key)
  },
})
/** Key by key: what is more special counts, wherever it stands. */
const fromBoth = (own: ReadonlyMap<string, DestinationLimits>, table: Table): DestinationPolicy => ({
  async limitsFor(transport, nexthop, call) {
    for (const key of keysFor(transport, nexthop)) {
      const limits = own.get(key) ?? (await asked(table, key, call))
      if (limits === FAILED) return fromConfiguration(own).limitsFor(transport, nexthop, call)
      if (limits) return limits
    }
    return undefined
  },
})

const FAILED: unique symbol = Symbol('failed')
async function asked(table: Table, key: string, call: Call): Promise<DestinationLimits | typeof FAILED | undefined> {
  const failed = (cause: string): typeof FAILED => {
    call.log.warn('limits.lookupFailed', { table: table.name, key, cause })
    return FAILED
  }
  try {
    const answer = await table.get(key, call)
    if (answer.kind === 'absent') return undefined
    if (answer.kind === 'failed') return failed(answer.cause)
    const parsed = parseLimits(answer.value)
    return 'limits' in parsed ? parsed.limits : failed(`bad limits "${answer.value}": ${problemText(parsed.problems)}`)
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}
