/**
 * Parameters that exist once for each service of some programs: `foo_destination_concurrency_limit` for a transport
 * foo. Their default is the parameter that stands here, unexpanded.
 */
import type { Known } from './kinds.ts'
import { int, text, time } from './kinds.ts'

const TIME_LIMIT = '_time_limit'
const OF_DELIVERY: Record<string, Known> = {
  _delivery_slot_cost: int('$default_delivery_slot_cost'),
  _delivery_slot_discount: int('$default_delivery_slot_discount'),
  _delivery_slot_loan: int('$default_delivery_slot_loan'),
  _destination_concurrency_failed_cohort_limit: int('$default_destination_concurrency_failed_cohort_limit'),
  _destination_concurrency_limit: int('$default_destination_concurrency_limit'),
  _destination_concurrency_negative_feedback: text('$default_destination_concurrency_negative_feedback'),
  _destination_concurrency_positive_feedback: text('$default_destination_concurrency_positive_feedback'),
  _destination_rate_delay: time('$default_destination_rate_delay', { unit: 's' }),
  _destination_recipient_limit: int('$default_destination_recipient_limit'),
  _extra_recipient_limit: int('$default_extra_recipient_limit'),
  _initial_destination_concurrency: int('$initial_destination_concurrency'),
  _minimum_delivery_slots: int('$default_minimum_delivery_slots'),
  _recipient_limit: int('$default_recipient_limit'),
  _recipient_refill_delay: time('$default_recipient_refill_delay', { unit: 's' }),
  _recipient_refill_limit: int('$default_recipient_refill_limit'),
  _transport_rate_delay: time('$default_transport_rate_delay', { unit: 's' }),
}
const OF_COMMANDS: Record<string, Known> = { [TIME_LIMIT]: time('$command_time_limit', { unit: 's' }) }

/** program -> suffix -> what it is */
const PROGRAMS: Record<string, Record<string, Known>> = {
  ...Object.fromEntries(['local', 'error', 'virtual', 'smtp', 'lmtp'].map((program) => [program, OF_DELIVERY])),
  pipe: { ...OF_COMMANDS, ...OF_DELIVERY },
  spawn: OF_COMMANDS,
}

/** What a parameter that begins with a service's name is, when a service of that name runs such a program. */
export function ofService(name: string, services: readonly { name: string; command: string }[]): Known | undefined {
  for (const service of services) {
    if (!name.startsWith(`${service.name}_`)) continue
    const known = PROGRAMS[service.command]?.[name.slice(service.name.length)]
    if (known) return known
  }
  return undefined
}
/** The same without a master.cf: whatever the name begins with. */
export function likeService(name: string): Known | undefined {
  // the longest suffix: `_recipient_limit` ends `_destination_recipient_limit` too
  const suffixes = Object.keys(PROGRAMS.pipe!).sort((a, b) => b.length - a.length)
  const suffix = suffixes.find((s) => name.endsWith(s) && name.length > s.length)
  return suffix === undefined ? undefined : PROGRAMS.pipe![suffix]
}
/** Every name that the services of a master.cf make. */
export function namesOfServices(services: readonly { name: string; command: string }[]): string[] {
  return services.flatMap(({ name, command }) => Object.keys(PROGRAMS[command] ?? {}).map((suffix) => name + suffix))
}
