/** A name server on a loopback UDP port that answers from a table (RFC 1035 section 4), or fails in the way asked for. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export type Rdata =
  | { readonly a: string; readonly ttl?: number }
  | { readonly aaaa: string }
  | { readonly mx: readonly [preference: number, exchange: string] }
  | { readonly cname: string }
  | { readonly ptr: string }
  | { readonly txt: readonly string[] }
/** `'drop'`: say nothing at all. A name that is not in the zone is NXDOMAIN, a type that it lacks an empty answer. */
export type Answer = readonly Rdata[] | 'servfail' | 'refused' | 'drop'
/** `name` or, for one type only, `name TYPE`. */
export type Zone = Record<string, Answer>

const TYPES: Record<string, number> = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28 }
const RCODES = { servfail: 2, nxdomain: 3, refused: 5 }

export interface ZoneServer {
  /** `127.0.0.1:port` */
  readonly address: string
  /** `name TYPE` of each question, in order */
  readonly questions: string[]
  zone: Zone
  close(): Promise<void>
}

export async function zoneServer(zone: Zone): Promise<ZoneServer> {
  const socket = createSocket('udp4')
  const server: ZoneServer = {
    address: '',
    questions: [],
    zone,
    close: () => new Promise((done) => socket.close(() => done())),
  }
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query)
    const typeName = Object.keys(TYPES).find((t) => TYPES[t] === type) ?? String(type)
    server.questions.push(`${name} ${typeName}`)
    const answer = server.zone[`${name} ${typeName}`] ?? server.zone[name]
    if (answer !== 'drop') socket.send(reply(query, end, answer, typeName), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return Object.assign(server, { address: `127.0.0.1:${socket.address().port}` })
}

function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (; query[at] !== 0; at += query[at]! + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function reply(query: Buffer, end: number, answer: Exclude<Answer, 'drop'> | undefined, type: string): Buffer {
  const rcode = answer === undefined ? RCODES.nxdomain : typeof answer === 'string' ? RCODES[answer] : 0
  const records = Array.isArray(answer) ? (answer as Rdata[]).map(encode).filter((r) => r.type === type) : []
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  // QR, RD, RA
  header.writeUInt16BE(0x8180 | rcode, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  return Buffer.concat([header, query.subarray(12, end), ...records.map(record)])
}

function record({ type, ttl, data }: ReturnType<typeof encode>): Buffer {
  const head = Buffer.alloc(12)
  // a pointer to the question's name
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(TYPES[type]!, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}
function encode(r: Rdata): { type: string; ttl: number; data: Buffer } {
  if ('a' in r) return { type: 'A', ttl: r.ttl ?? 60, data: Buffer.from(r.a.split('.').map(Number)) }
  if ('aaaa' in r) return { type: 'AAAA', ttl: 60, data: v6(r.aaaa) }
  if ('mx' in r)
    return { type: 'MX', ttl: 60, data: Buffer.concat([Buffer.from([r.mx[0] >> 8, r.mx[0] & 255]), nameOf(r.mx[1])]) }
  if ('ptr' in r) return { type: 'PTR', ttl: 60, data: nameOf(r.ptr) }
  if ('cname' in r) return { type: 'CNAME', ttl: 60, data: nameOf(r.cname) }
  return { type: 'TXT', ttl: 60, data: Buffer.concat(r.txt.map(label)) }
}
const label = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])
const nameOf = (name: string): Buffer =>
  Buffer.concat([...name.split('.').filter(Boolean).map(label), Buffer.from([0])])
function v6(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::')
  const groups = (s: string) => (s ? s.split(':') : [])
  const zeros = new Array<string>(8 - groups(head).length - groups(tail).length).fill('0')
  return Buffer.from([...groups(head), ...zeros, ...groups(tail)].map((g) => g.padStart(4, '0')).join(''), 'hex')
}
