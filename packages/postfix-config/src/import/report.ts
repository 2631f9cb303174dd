/** What became of each parameter of a folder. */
import { isDisabled } from '../endpoint.ts'
import type { Service } from '../master-cf.ts'
import type { Imported } from './folder.ts'
import { NEEDLESS } from './needless.ts'
import { Reader } from './reader.ts'
import { isKnownRestriction, isUnderstood } from './restrictions.ts'
import { insideReason, isListener, isTransport } from './services.ts'

export type Fate = 'mapped' | 'default' | 'needless' | 'not yet' | 'unknown'
export interface ReportRow {
  readonly name: string
  /** as it stands in the folder */
  readonly value: string
  readonly file: string
  readonly line: number
  readonly fate: Fate
  /** the options it became, why it is needless, what is known of a name that nobody knows */
  readonly note: string
}

/** What happens to mail as long as it is not done. */
const UNTIL_THEN = new Map([
  ['alias_maps', 'mail for an alias waits in the queue; who is one is known at RCPT'],
  ...['mailbox_command', 'mailbox_command_maps'].map(
    (n) => [n, 'mail for users of this host waits in the queue'] as const,
  ),
  ['content_filter', 'all mail waits in the queue'],
  ...['header_checks', 'mime_header_checks', 'nested_header_checks', 'body_checks'].map(
    (n) => [n, 'mail is taken without'] as const,
  ),
  ...['smtpd_milters', 'non_smtpd_milters', 'smtpd_proxy_filter'].map((n) => [n, 'mail is taken without'] as const),
])
const RESTRICTIONS = /^smtpd_(client|helo|sender|relay|recipient|data|end_of_data|etrn)_restrictions$/

/** A row for each parameter of main.cf and each `-o`, in the order of the files, and for each service of master.cf. */
export function reportOf(imported: Imported): ReportRow[] {
  const { main, master, parameters } = imported
  const all = targetsOf(imported, (use) => !use.includes(ON_LISTENER) && !use.includes(SERVICES))
  return [
    ...[...main.last.values()].map(({ name, value, line, file }) => ({
      ...{ name, value, line, file },
      ...fate(name, parameters, imported, all),
    })),
    ...master.services.flatMap((service) => {
      const { file, line } = service
      const own = `${service.name}/${service.type}`
      // what a service says counts for it alone
      const use = imported.listeners.find((listener) => listener.service === service)?.name ?? service.name
      const targets = targetsOf(
        imported,
        (name) => name === use || [ON_LISTENER, SERVICES].some((of) => name.endsWith(`${of}${use}`)),
      )
      return [
        { name: own, value: service.command, file, line, ...serviceFate(service, imported) },
        ...service.overrides.map(({ name, value }) => ({
          ...{ name: `${own} -o ${name}`, value, file, line },
          ...fate(name, parameters.forService(service), imported, targets),
        })),
      ]
    }),
  ]
}
const ON_LISTENER = '.onListener.'
const SERVICES = '.services.'
type Targets = ReadonlyMap<string, readonly string[]>

/** By parameter, the options of the uses that are meant. */
function targetsOf({ origins }: Imported, meant: (use: string) => boolean): Targets {
  const options = new Map<string, Map<string, string[]>>()
  for (const { parameter, use, option } of origins) {
    if (!meant(use)) continue
    const uses = options.get(parameter) ?? new Map<string, string[]>()
    const known = uses.get(option) ?? []
    if (!known.includes(use)) uses.set(option, [...known, use])
    options.set(parameter, uses)
  }
  return new Map([...options].map(([parameter, uses]) => [parameter, [...uses].map(placeOf)]))
}

/** `smtp.smtpHeloName`; of several uses `smtpHeloName of smtp, relay`. */
function placeOf([option, uses]: readonly [string, readonly string[]]): string {
  const [first, ...more] = uses
  if (first === '') return more.length > 0 ? `${option}, ${placeOf([option, more])}` : option
  return more.length > 0 ? `${option} of ${uses.join(', ')}` : `${first}.${option}`
}

function serviceFate(service: Service, imported: Imported): { fate: Fate; note: string } {
  const inside = insideReason(service)
  if (inside !== undefined) return { fate: 'needless', note: inside }
  if (isDisabled(service, imported.parameters.list('master_service_disable')))
    return { fate: 'needless', note: 'disabled by master_service_disable' }
  const name = imported.listeners.find((one) => one.service === service)?.name ?? service.name
  const use = imported.uses.find((one) => (one.as ?? one.plugin) === name)
  const here = isListener(service) || (isTransport(service) && service.command !== 'pipe')
  if (!here || use === undefined) return { fate: 'not yet', note: `${service.command}(8)` }
  const kind = isListener(service) ? 'listener' : 'transport'
  // maxproc 0 is no limit
  const limit = !service.maxproc
    ? ''
    : kind === 'transport'
      ? `, processLimits.${name}`
      : '; its process limit is not done yet'
  return { fate: 'mapped', note: `${kind} ${name}, ${use.plugin}${limit}` }
}

function fate(
  name: string,
  parameters: Imported['parameters'],
  { unknown }: Imported,
  targets: Targets,
): { fate: Fate; note: string } {
  const not = unknown.get(name)
  if (not !== undefined) return { fate: 'unknown', note: not === '' ? 'no such parameter' : `did you mean ${not}?` }
  const waiting = RESTRICTIONS.test(name)
    ? parameters.list(name).filter((word) => !isUnderstood(new Reader(parameters), word))
    : []
  if (waiting.length > 0) return { fate: 'not yet', note: waiting.join(', ') }
  if (parameters.list('smtpd_restriction_classes').includes(name)) {
    const words = parameters.list(name).filter((word) => !isKnownRestriction(word))
    return words.length > 0
      ? { fate: 'not yet', note: words.join(', ') }
      : { fate: 'mapped', note: 'a class of restrictions' }
  }
  if (name === 'mynetworks_style' && parameters.isSet('mynetworks'))
    return { fate: 'needless', note: 'mynetworks is set' }
  if (RESTRICTIONS.test(name) && !targets.has(name) && parameters.list(name).every((word) => /^permit/i.test(word)))
    return { fate: 'needless', note: 'it refuses nothing' }
  if (name === 'biff' && !parameters.bool(name)) return { fate: 'needless', note: 'nobody is told by biff' }
  const until = parameters.get(name) === '' ? undefined : UNTIL_THEN.get(name)
  if (until !== undefined && parameters.raw(name) !== parameters.known(name)?.default)
    return { fate: 'not yet', note: until }
  const to = targets.get(name)
  if (to) return { fate: 'mapped', note: to.join(', ') }
  // set to nothing, it asks for nothing
  if (parameters.get(name) === '') return { fate: 'needless', note: 'empty' }
  const why = NEEDLESS.get(name)
  if (why !== undefined) return { fate: 'needless', note: why }
  const known = parameters.known(name)
  if (known === undefined) return { fate: 'mapped', note: 'a name that other parameters use' }
  const isDefault = parameters.raw(name) === known.default || parameters.get(name) === parameters.expand(known.default)
  return isDefault ? { fate: 'default', note: '' } : { fate: 'not yet', note: '' }
}
