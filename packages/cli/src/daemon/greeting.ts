/** What a person reads when the daemon is ready: where it listens, where mail lands, what to try. */
import path from 'node:path'
import { checkOptions, transports } from '@postern/core'
import type { Node } from '@postern/core'
import { configName } from '../config.ts'
import type { Listening } from '../control/protocol.ts'

export interface Greeting {
  readonly pid: number
  readonly configuration: string
  readonly spool: string
  readonly listening: readonly Listening[]
  /** where mail for an address of this host goes, if anywhere */
  readonly mail?: { readonly address: string; readonly transport: string; readonly maildir?: string }
}
const SENDER = 'test@example.org'

export async function greetingOf(node: Node, listening: readonly Listening[]): Promise<Greeting> {
  const { myhostname, spool } = node.graph.settings
  const address = `you@${myhostname}`
  const resolved = await node.resolve(address)
  const route = resolved.kind === 'routes' ? resolved.routes[0] : undefined
  return {
    pid: process.pid,
    configuration: node.status().configuration,
    spool,
    listening,
    mail: route && { address, transport: route.transport, maildir: maildirOf(node, route.transport, address) },
  }
}

/** Only deliver-maildir's own layout is known here; a mailbox from a table is not. */
function maildirOf(node: Node, transport: string, address: string): string | undefined {
  const provider = node.graph.collection.provided.find((p) => p.role.id === transports.id && p.name === transport)
  const use = node.graph.uses.find((u) => u.name === provider?.use.name)
  if (use?.definition.name !== 'deliver-maildir') return undefined
  const place = { file: use.file, path: use.path }
  const options = checkOptions(use.definition.options, use.options, place).value as Record<string, unknown> | undefined
  if (typeof options?.mailboxBase !== 'string' || options.virtualMailboxMaps) return undefined
  const [user, domain] = address.split('@') as [string, string]
  const parts: Record<string, string> = { u: user, d: domain, s: address, e: '', '%': '%' }
  const box = String(options.mailboxPath).replace(/%([udse%])/g, (_, p: string) => parts[p]!)
  return path.resolve(use.folder, options.mailboxBase, box) + path.sep
}

export function greetingLines(g: Greeting): string[] {
  const door = g.listening.find((l) => l.protocol === 'smtp')
  const to = g.mail?.address ?? 'you@localhost'
  const lines = [
    `Postern is ready (pid ${g.pid}), with ${configName(g.configuration)}`,
    '',
    ...g.listening.map((l) => `  listens on  ${endpoint(l)} (${l.use}, ${l.protocol})`),
    ...(g.mail ? [`  mail        for ${g.mail.address} ${landing(g.mail)}`] : []),
    `  queue       ${g.spool}`,
  ]
  return door
    ? [...lines, '', 'Try it:', ...tries(door, to), `  postern explain --to ${to}`, '  postern queue list', '']
    : [...lines, '']
}
const landing = (mail: NonNullable<Greeting['mail']>): string =>
  mail.maildir ? `lands in the Maildir ${mail.maildir}` : `goes out by ${mail.transport}`
const endpoint = (l: Listening): string => `${l.address.includes(':') ? `[${l.address}]` : l.address}:${l.port}`

function tries(door: Listening, to: string): string[] {
  const everywhere = door.address === '0.0.0.0' || door.address === '::'
  const at = everywhere ? { ...door, address: '127.0.0.1' } : door
  const said = [
    'HELO me',
    `MAIL FROM:<${SENDER}>`,
    `RCPT TO:<${to}>`,
    'DATA',
    'Subject: hello',
    '',
    'Hello!',
    '.',
    'QUIT',
    '',
  ]
  return [
    `  swaks --server ${endpoint(at)} --to ${to} --from ${SENDER}`,
    `  printf '${said.join('\\r\\n')}' | nc ${at.address} ${at.port}`,
  ]
}
