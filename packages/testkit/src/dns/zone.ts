/** A real name server for tests, over UDP on 127.0.0.1, whose zone is a few lines of text. */
import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { NOERROR, NXDOMAIN, SERVFAIL, TYPES, encodeData, encodeReply, parseQuestion } from './wire.ts'
import type { Answer, Question, TypeName } from './wire.ts'

export interface Zone {
  readonly host: string
  readonly port: number
  /** `127.0.0.1:5353`, as resolvers take it */
  readonly address: string
  /** each question, as `example.org MX` */
  readonly queries: readonly string[]
  /** Another zone from here on. */
  set(text: string): void
  stop(): Promise<void>
}

type Line = { readonly name: string; readonly type: TypeName | 'SERVFAIL' | 'TIMEOUT'; readonly value: string }

/**
 * Lines `name TYPE value`; `;` or `#` begins a comment. `name SERVFAIL` and `name TIMEOUT` answer so for each question about
 * that name; `name SERVFAIL MX` for one type only. A name that stands nowhere is NXDOMAIN; one without a record of the type
 * asked for has an empty answer. `*.example.org` stands for names below that have no lines of their own.
 */
export async function zone(text: string, options: { host?: string; port?: number } = {}): Promise<Zone> {
  const server = new Server(options.host ?? '127.0.0.1')
  server.set(text)
  await server.listen(options.port ?? 0)
  return server
}

class Server implements Zone {
  readonly host: string
  port = 0
  readonly queries: string[] = []
  #lines: readonly Line[] = []
  readonly #socket: Socket

  constructor(host: string) {
    this.host = host
    this.#socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    this.#socket.on('message', (packet, from) => this.#receive(packet, from))
  }
  get address(): string {
    return `${this.host}:${this.port}`
  }
  set(text: string): void {
    this.#lines = parseZone(text)
  }
  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject)
      this.#socket.bind(port, this.host, () => {
        this.port = this.#socket.address().port
        this.#socket.off('error', reject).on('error', () => undefined)
        resolve()
      })
    })
  }
  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }
  #receive(packet: Buffer, from: RemoteInfo): void {
    const question = parseQuestion(packet)
    if (!question) return
    this.queries.push(`${question.name} ${typeName(question.type)}`)
    const reply = answer(question, this.#lines)
    // a client that has closed its port is not our concern
    if (reply) this.#socket.send(reply, from.port, from.address, () => undefined)
  }
}

const typeName = (type: number): string => Object.entries(TYPES).find(([, n]) => n === type)?.[0] ?? String(type)

export function parseZone(text: string): Line[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*[;#].*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const m = /^(\S+)\s+([A-Za-z]+)(?:\s+(.*))?$/.exec(line)
      const type = m?.[2]?.toUpperCase()
      if (!m || (type !== 'SERVFAIL' && type !== 'TIMEOUT' && !(type! in TYPES))) {
        throw new Error(`not a line of a zone (name TYPE value): ${line}`)
      }
      return { name: m[1]!.toLowerCase().replace(/\.$/, ''), type: type as Line['type'], value: (m[3] ?? '').trim() }
    })
}

/** `undefined`: say nothing, so that the client's time runs out. */
function answer(question: Question, lines: readonly Line[]): Buffer | undefined {
  const chain: Answer[] = []
  let name = question.name
  for (let hops = 0; hops < 10; hops++) {
    const here = linesOf(name, lines)
    const fault = here.find((l) => (l.type === 'SERVFAIL' || l.type === 'TIMEOUT') && appliesTo(l, question.type))
    if (fault) return fault.type === 'TIMEOUT' ? undefined : encodeReply(question, SERVFAIL, [])
    const records = here.filter(
      (l): l is Line & { type: TypeName } => (TYPES as Record<string, number>)[l.type] === question.type,
    )
    chain.push(...records.map((l) => record(name, l.type, l.value)))
    const alias = records.length ? undefined : here.find((l) => l.type === 'CNAME')
    if (!alias) return encodeReply(question, here.length || chain.length ? NOERROR : NXDOMAIN, chain)
    chain.push(record(name, 'CNAME', alias.value))
    name = alias.value.toLowerCase().replace(/\.$/, '')
  }
  return encodeReply(question, SERVFAIL, [])
}

const record = (name: string, type: TypeName, value: string): Answer => ({
  name,
  type: TYPES[type],
  data: encodeData(type, value),
})

const appliesTo = (line: Line, type: number): boolean =>
  line.value === '' || (TYPES as Record<string, number>)[line.value.toUpperCase()] === type

function linesOf(name: string, lines: readonly Line[]): readonly Line[] {
  const own = lines.filter((l) => l.name === name)
  // a name with names below it exists, empty (RFC 8020)
  if (own.length || lines.some((l) => l.name.endsWith(`.${name}`) && !l.name.startsWith('*.')))
    return own.length ? own : [EMPTY]
  for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) {
    const wild = lines.filter((l) => l.name === `*${name.slice(at)}`)
    if (wild.length) return wild
  }
  return []
}
const EMPTY: Line = { name: '', type: 'ANY', value: '' }
