/** A service of master.cf with one thing changed. */
import type { Service } from '@postern/postfix-config'
import { Fatal } from '@postern/sendmail/queue'
import type { Order } from './order.ts'
import { FIELDS } from './services.ts'

/** What a field may be; the others are texts. */
const VALID: Readonly<Record<string, RegExp>> = {
  type: /^(?:inet|unix|fifo|pass|unix-dgram)$/,
  private: /^[yn-]$/,
  unprivileged: /^[yn-]$/,
  chroot: /^[yn-]$/,
  wakeup: /^(?:-|\d+\??)$/,
  process_limit: /^(?:-|\d+)$/,
}

/** The command field holds its arguments too. `read` makes a service of a line. */
export function fieldChanged(service: Service, { item, value }: Order, read: (line: string) => Service): Service {
  if (VALID[item]?.test(value) === false) throw new Fatal(`invalid ${item} field "${value}" in "${value}"`)
  const at = FIELDS.findIndex((name) => name === item)
  if (item === 'command') return read([...service.fields.slice(0, at), value].join(' '))
  return { ...service, fields: service.fields.map((field, i) => (i === at ? value : field)) }
}

export function parameterChanged(service: Service, { item, value }: Order): Service {
  const pair = `${item}=${value}`
  const at = optionsOf(service).findLastIndex((word, i, all) => isSetting(word, i, all, item))
  if (at >= 0) return withOptions(service, (options) => options.with(at + 1, pair))
  return withOptions(service, (options) => [...options, '-o', pair])
}
export function parameterRemoved(service: Service, { item }: Order): Service {
  return withOptions(service, (options) =>
    options.filter((word, i, all) => !isSetting(word, i, all, item) && !isSetting(all[i - 1] ?? '', i - 1, all, item)),
  )
}
const isSetting = (word: string, i: number, all: readonly string[], name: string): boolean =>
  word === '-o' && all[i + 1]?.startsWith(`${name}=`) === true

const optionsOf = ({ args, attributes }: Service): string[] => args.slice(0, args.length - attributes.length)
function withOptions(service: Service, change: (options: string[]) => string[]): Service {
  return { ...service, args: [...change(optionsOf(service)), ...service.attributes] }
}
