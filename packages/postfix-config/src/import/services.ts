/** What each service of master.cf is here: a listener, a transport, or nothing that Postern needs. */
import { existsSync, readFileSync } from 'node:fs'
import type { Service } from '../master-cf.ts'

/** Services whose work is done inside Postern's own processes. */
const INSIDE: Readonly<Record<string, string>> = {
  pickup: 'the drop folder is read by listen-drop',
  cleanup: 'mail is cleaned up on its way in',
  qmgr: 'the queue is scheduled by the core',
  oqmgr: 'the queue is scheduled by the core',
  tlsmgr: 'each process keeps its own TLS sessions',
  'trivial-rewrite': 'addresses are resolved by plugins in the same process',
  bounce: 'reports are made by ops-bounce',
  verify: 'addresses are probed in the same process',
  flush: 'the queue knows which mail waits for a site (ops-etrn)',
  proxymap: 'tables are opened once for each process, `proxy:` needs no server',
  scache: 'connections are kept where mail is delivered',
  anvil: 'rates are counted by the listeners, over all workers',
  postlogd: 'log lines are written by the process itself',
  showq: 'the queue is listed by `postern queue list` and `mailq`',
}
/** Why Postern needs no such service; undefined: it does. */
export const insideReason = (service: Service): string | undefined =>
  Object.hasOwn(INSIDE, service.command) ? INSIDE[service.command] : undefined

export const isListener = (service: Service): boolean =>
  service.type === 'inet' && (service.command === 'smtpd' || service.command === 'postscreen')

/** Programs that deliver: the name of the service is the transport's. */
const AGENTS = new Set(['smtp', 'lmtp', 'error', 'discard', 'virtual', 'local', 'pipe'])
export const isTransport = (service: Service): boolean => service.type === 'unix' && AGENTS.has(service.command)

/** The port of a service's name: a number, or a name of /etc/services. */
export function portOf(name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name)
  const known = { smtp: 25, smtps: 465, submissions: 465, submission: 587, lmtp: 24 } as Record<string, number>
  if (Object.hasOwn(known, name)) return known[name]
  if (!existsSync('/etc/services')) return undefined
  const line = readFileSync('/etc/services', 'utf8')
    .split('\n')
    .map((l) => l.replace(/#.*/, '').trim().split(/\s+/))
    .find(([first, port, ...aliases]) => port?.endsWith('/tcp') && (first === name || aliases.includes(name)))
  return line === undefined ? undefined : Number.parseInt(line[1]!, 10)
}
/** `[::1]:25`, `127.0.0.1:smtp`, `submission`: host (empty: inet_interfaces') and port. */
export function doorOf(name: string): { host: string; port: number | undefined } {
  const [, host = '', port = name] = /^(.*):([^:\]]*)$/.exec(name) ?? []
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: portOf(port) }
}
