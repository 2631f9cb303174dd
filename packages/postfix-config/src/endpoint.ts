/** Where an inet service of master.cf listens. */
import { readFileSync } from 'node:fs'
import { isIP, isIPv6 } from 'node:net'
import type { Service } from './master-cf.ts'
import type { Parameters } from './parameters.ts'

/** `host` is '' for every address of inet_interfaces; `port` a number or a name. */
export type Endpoint = { host: string; port: string } | { problem: string }

/** `port`, `host:port`, `[address]:port`, in a service's name. Problems are Postfix's words. */
export function endpointOf(name: string): Endpoint {
  if (name.startsWith('[')) {
    const end = name.indexOf(']')
    if (end < 0) return { problem: 'missing "]"' }
    const [inside, rest] = [name.slice(1, end), name.slice(end + 1)]
    if (rest !== '' && !rest.startsWith(':')) return { problem: 'garbage after "]"' }
    const host = inside.replace(/^ipv6:/i, '')
    if (host !== inside && !isIPv6(host)) return { problem: 'malformed IPv6 address' }
    return checked(host, rest.slice(1))
  }
  const colon = name.lastIndexOf(':')
  return colon < 0 ? checked('', name) : checked(name.slice(0, colon), name.slice(colon + 1))
}
function checked(host: string, port: string): Endpoint {
  if (port === '') return { problem: 'missing service information' }
  if (host !== '' && isIP(host) === 0 && !isHostName(host))
    return { problem: 'valid hostname or network address required' }
  if (/^\d/.test(port) && !/^\d+$/.test(port)) return { problem: 'garbage after numerical service' }
  return { host, port }
}
const isHostName = (text: string) =>
  text.length <= 255 &&
  /^(?!\d+$)[\w\u0080-\uffff](?:[\w\u0080-\uffff.-]*[\w\u0080-\uffff])?$/.test(text) &&
  !text.includes('..')

/** The number of a port: known_tcp_ports comes before /etc/services. Undefined: nobody knows the name. */
export function portNumber(port: string, parameters: Parameters, services = '/etc/services'): number | undefined {
  if (/^\d+$/.test(port)) return Number(port) <= 65535 ? Number(port) : undefined
  for (const definition of parameters.list('known_tcp_ports')) {
    const parts = definition.split('=')
    if (parts.slice(0, -1).includes(port)) return portNumber(parts.at(-1)!, parameters, services)
  }
  for (const line of lines(services)) {
    const [name, number, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (number?.endsWith('/tcp') && [name, ...aliases].includes(port)) return parseInt(number, 10)
  }
  return undefined
}
function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

/**
 * Whether master_service_disable names it: `smtp.inet`, `inet`; `!` in front of what stays; the first that fits
 * decides.
 */
export function isDisabled({ name, type }: Pick<Service, 'name' | 'type'>, patterns: readonly string[]): boolean {
  for (const pattern of patterns) {
    const bare = pattern.replace(/^!+/, '').toLowerCase()
    const kept = (pattern.length - bare.length) % 2 === 1
    if (bare === type || bare === `${name}.${type}`.toLowerCase()) return !kept
  }
  return false
}
