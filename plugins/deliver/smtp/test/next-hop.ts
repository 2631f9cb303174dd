/** A next hop that follows a script: replies by the start of the command, drops, silence, TLS. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'

/**
 * A reply (lines joined by LF), several replies (LMTP, or one for each time), `drop` (close), `silent` (say nothing),
 * `reset` (RST); the last two may be the last line of a reply. Keys: `greeting`, `.` (end of data), or what a command starts with; the longest key that fits counts.
 */
export type Script = Record<string, string | readonly string[]>
export interface Session {
  /** the address it came from */
  readonly client: string
  readonly lines: string[]
  /** as received between DATA and the final dot, dots still doubled */
  readonly messages: string[]
  tls: boolean
  /** commands per received chunk */
  readonly batches: number[]
  closed: boolean
}
export interface NextHop {
  readonly host: string
  readonly port: number
  readonly sessions: Session[]
  script: Script
  close(): Promise<void>
}
export const EHLO = '250-next.example\n250-PIPELINING\n250-SIZE 1000000\n250-8BITMIME\n250-SMTPUTF8\n250 DSN'
const DEFAULT: Script = {
  greeting: '220 next.example ESMTP',
  EHLO,
  LHLO: EHLO,
  HELO: '250 next.example',
  MAIL: '250 2.1.0 Ok',
  RCPT: '250 2.1.5 Ok',
  DATA: '354 go on',
  RSET: '250 2.0.0 Ok',
  QUIT: '221 2.0.0 Bye',
  STARTTLS: '220 2.0.0 Ready',
  '.': '250 2.0.0 Ok: taken',
}

export interface Where {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly tls?: { readonly key: string; readonly cert: string }
}
export async function nextHop(script: Script = {}, where: Where = {}): Promise<NextHop> {
  const host = where.host ?? '127.0.0.9'
  const sockets = new Set<Socket>()
  const hop = { host, port: 0, sessions: [] as Session[], script, close: () => stop(server, sockets) }
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket)
    const session: Session = {
      client: socket.remoteAddress ?? '',
      lines: [],
      messages: [],
      batches: [],
      tls: false,
      closed: false,
    }
    hop.sessions.push(session)
    socket.on('close', () => {
      session.closed = true
      sockets.delete(socket)
    })
    serve(socket, session, hop, where.tls)
  })
  if (where.path) server.listen(where.path)
  else server.listen(where.port ?? 0, host)
  await once(server, 'listening')
  const address = server.address()
  return Object.assign(hop, { port: typeof address === 'object' && address ? address.port : 0 })
}

function serve(plain: Socket, session: Session, hop: { script: Script }, tls: Where['tls']): void {
  let socket = plain
  let buffer = ''
  let data = false
  const times = new Map<string, number>()
  const say = (key: string, all = false) => {
    const entry = lookUp(hop.script, key)
    const list = typeof entry === 'string' ? [entry] : entry
    const n = times.get(key) ?? 0
    times.set(key, n + 1)
    for (const reply of all ? list : [list[Math.min(n, list.length - 1)]!]) {
      if (reply === 'silent') continue
      if (reply === 'drop') return void socket.end()
      if (reply === 'reset') return void socket.resetAndDestroy()
      const [text, then] = reply.split(/\n(?=(?:drop|reset)$)/)
      socket.write(text!.replaceAll('\n', '\r\n') + '\r\n')
      if (then === 'reset') return void socket.resetAndDestroy()
      if (then === 'drop' || reply.startsWith('421')) socket.end()
      if (key === 'DATA' && /^354/m.test(reply)) data = true
      if (key === 'QUIT') socket.end()
    }
  }
  const line = (text: string) => {
    session.lines.push(text)
    say(text === 'DATA' || text === 'QUIT' ? text : text)
    if (text === 'STARTTLS' && tls && lookUp(hop.script, text).toString().startsWith('220')) secure()
  }
  const secure = () => {
    plain.removeListener('data', take)
    const safe = new TLSSocket(plain, { isServer: true, ...tls })
    socket = safe
    session.tls = true
    safe.on('error', () => plain.destroy())
    safe.on('data', take)
  }
  const take = (chunk: Buffer) => {
    buffer += chunk.toString('utf8')
    let commands = 0
    for (;;) {
      if (data) {
        const text = `\r\n${buffer}`
        const end = text.indexOf('\r\n.\r\n')
        if (end < 0) break
        session.messages.push(text.slice(2, end + 2))
        buffer = text.slice(end + 5)
        data = false
        say('.', session.lines[0]?.startsWith('LHLO'))
        continue
      }
      const end = buffer.indexOf('\r\n')
      if (end < 0) break
      const text = buffer.slice(0, end)
      buffer = buffer.slice(end + 2)
      commands++
      line(text)
    }
    if (commands > 0) session.batches.push(commands)
  }
  plain.on('error', () => plain.destroy())
  plain.on('data', take)
  say('greeting')
}
function lookUp(script: Script, line: string): string | readonly string[] {
  const keys = [...Object.keys(script), ...Object.keys(DEFAULT)].filter((k) => line.startsWith(k))
  const best = keys.sort((a, b) => b.length - a.length)[0]
  if (best === undefined) return '500 5.5.2 unknown'
  return script[best] ?? DEFAULT[best]!
}
async function stop(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await new Promise((done) => server.close(done))
}

/** A self-signed certificate, made now. */
export function certificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tls-'))
  try {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    const args = [
      'req',
      '-x509',
      ...curve,
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=next.example',
      '-keyout',
      key,
      '-out',
      cert,
    ]
    execFileSync('openssl', args, { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
/** A port that nobody listens on. */
export async function closedPort(host = '127.0.0.9'): Promise<number> {
  const hop = await nextHop({}, { host })
  await hop.close()
  return hop.port
}
