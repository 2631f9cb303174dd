/** The services that deliver, each a transport of its name, and the limits of each. */
import { programOf } from '../master-cf.ts'
import type { Service } from '../master-cf.ts'
import type { Build } from './build.ts'
import { ANY_NUMBER, clientRows, statusFilterRow } from './map/out.ts'
import { LOCAL, VIRTUAL } from './map/mailboxes.ts'
import type { Reader } from './reader.ts'
import { timeText } from './reader.ts'

/** What Postfix does and Postern does not by itself. */
const POSTFIX_WAY = { smtputf8ForAll: true }
/** What cannot be delivered yet waits, as with a transport that Postfix cannot reach. */
const WAITS = { soft: true, text: 'mail transport unavailable' }

export function transport(build: Build, service: Service, base: Reader): void {
  const r = base.forService(service)
  const as = service.name
  switch (programOf(service)) {
    case 'smtp':
      build.use({ plugin: 'deliver-smtp', rows: clientRows('smtp'), fixed: POSTFIX_WAY }, r, { as })
      break
    case 'lmtp':
      build.use({ plugin: 'deliver-smtp', rows: clientRows('lmtp'), fixed: { ...POSTFIX_WAY, protocol: 'lmtp' } }, r, {
        as,
      })
      break
    case 'error':
      build.use({ plugin: 'deliver-error', rows: [], fixed: as === 'retry' ? { soft: true } : {} }, r, { as })
      break
    case 'discard':
      build.use({ plugin: 'deliver-discard', rows: [] }, r, { as })
      break
    case 'virtual':
      build.use({ ...VIRTUAL, rows: [...VIRTUAL.rows, statusFilterRow('virtual_delivery_status_filter')] }, r, { as })
      break
    case 'local':
      build.use({ ...LOCAL, rows: [...LOCAL.rows, statusFilterRow('local_delivery_status_filter')] }, r, { as })
      break
    default:
      build.use({ plugin: 'deliver-error', rows: [], fixed: WAITS }, r, {
        as,
        about: `${service.command}(8) is not there yet: its mail waits in the queue`,
      })
  }
}

/** Parameters that begin with a transport's name, and what they limit. */
const LIMITS: Readonly<Record<string, readonly [key: string, kind: 'count' | 'time']>> = {
  destination_concurrency_limit: ['concurrency', 'count'],
  destination_recipient_limit: ['recipients', 'count'],
  initial_destination_concurrency: ['initialConcurrency', 'count'],
  destination_rate_delay: ['delay', 'time'],
}
/** 0 says that there is none, whatever is said for all transports */
const UNLIMITED = new Set(['concurrency', 'recipients'])
/** limits whose defaults are not those of all transports */
const BUILT_IN = new Set(['local_destination_concurrency_limit', 'local_destination_recipient_limit'])

/** Only local(8) and virtual(8) ask who exists once mail was accepted. */
function mailboxTransports(build: Build, transports: readonly Service[]): void {
  const classes = build.uses.find(({ plugin }) => plugin === 'route-classes')
  if (!classes) return
  classes.options.mailboxTransports = transports
    .filter((service) => ['local', 'virtual'].includes(programOf(service)))
    .map(({ name }) => name)
}
/** Limits by transport, as policy-limits takes them. */
export function limits(build: Build, transports: readonly Service[], r: Reader): void {
  mailboxTransports(build, transports)
  const destinations: Record<string, Record<string, unknown>> = {}
  for (const { name } of transports)
    for (const [suffix, [key, kind]] of Object.entries(LIMITS)) {
      const parameter = `${name}_${suffix}`
      const set = r.isSet(parameter)
      if (!set && !BUILT_IN.has(parameter)) continue
      const value = kind === 'time' ? timeText(r.parameters.time(parameter)) : r.count(parameter)
      if (value === 0 && !UNLIMITED.has(key)) continue
      ;(destinations[`${name}:`] ??= {})[key] = value === 0 ? ANY_NUMBER : value
      build.origins.push({ parameter, use: 'policy-limits', option: `destinations.${name}:.${key}`, set })
    }
  if (Object.keys(destinations).length > 0) build.use({ plugin: 'policy-limits', rows: [], fixed: { destinations } }, r)
}
