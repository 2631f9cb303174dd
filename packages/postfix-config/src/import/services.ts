/** What each service of master.cf is here: a listener, a transport, or nothing that Postern needs. */
import { programOf } from '../master-cf.ts'
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
  verify: 'it serves reject_unverified_sender and _recipient, which are not there yet',
  flush: 'the queue knows which mail waits for a site (ops-etrn)',
  proxymap: 'tables are opened once for each process, `proxy:` needs no server',
  scache: 'connections are kept where mail is delivered',
  anvil: 'rates are counted by the listeners, over all workers',
  postlogd: 'log lines are written by the process itself',
  showq: 'the queue is listed by `postern queue list` and `mailq`',
}
/** Why Postern needs no such service; undefined: it does. */
export const insideReason = (service: Service): string | undefined =>
  Object.hasOwn(INSIDE, programOf(service)) ? INSIDE[programOf(service)] : undefined

export const isListener = (service: Service): boolean =>
  service.type === 'inet' && ['smtpd', 'postscreen'].includes(programOf(service))

/** Programs that deliver: the name of the service is the transport's. */
const AGENTS = new Set(['smtp', 'lmtp', 'error', 'discard', 'virtual', 'local', 'pipe'])
export const isTransport = (service: Service): boolean => service.type === 'unix' && AGENTS.has(programOf(service))
