/** DNS messages on the wire (RFC 1035 section 4), as much as a test's name server needs. */
export const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  TLSA: 52,
  ANY: 255,
} as const
export type TypeName = keyof typeof TYPES

export const NOERROR = 0
export const SERVFAIL = 2
export const NXDOMAIN = 3

export interface Question {
  readonly id: number
  /** lower case, without the final dot */
  readonly name: string
  readonly type: number
  /** the question section as it came, for the answer */
  readonly raw: Buffer
  readonly recursionDesired: boolean
}
export interface Answer {
  readonly name: string
  readonly type: number
  readonly data: Buffer
}

/** `undefined` for what is not a single question. */
export function parseQuestion(packet: Buffer): Question | undefined {
  if (packet.length < 17 || packet.readUInt16BE(4) !== 1 || (packet[2]! & 0x80) !== 0) return undefined
  const labels: string[] = []
  let at = 12
  for (;;) {
    const length = packet[at]
    if (length === undefined || length > 63) return undefined
    at++
    if (length === 0) break
    labels.push(packet.subarray(at, at + length).toString('latin1'))
    at += length
  }
  if (at + 4 > packet.length) return undefined
  return {
    id: packet.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: packet.readUInt16BE(at),
    raw: packet.subarray(12, at + 4),
    recursionDesired: (packet[2]! & 1) === 1,
  }
}

export function encodeReply(question: Question, rcode: number, answers: readonly Answer[]): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(question.id, 0)
  // response, authoritative, recursion available
  head.writeUInt16BE(0x8480 | (question.recursionDesired ? 0x0100 : 0) | rcode, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(answers.length, 6)
  return Buffer.concat([head, question.raw, ...answers.map(encodeAnswer)])
}

function encodeAnswer(answer: Answer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(answer.type, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(60, 4)
  fixed.writeUInt16BE(answer.data.length, 8)
  return Buffer.concat([encodeName(answer.name), fixed, answer.data])
}

export function encodeName(name: string): Buffer {
  const labels = name.replace(/\.$/, '').split('.').filter(Boolean)
  return Buffer.concat([
    ...labels.map((l) => Buffer.concat([Buffer.of(Buffer.byteLength(l)), Buffer.from(l)])),
    Buffer.of(0),
  ])
}

/** The data of a record from its text in a zone: `10 mx.example`, `192.0.2.1`, `"v=spf1 -all"`. */
export function encodeData(type: TypeName, value: string): Buffer {
  const words = value.split(/\s+/)
  switch (type) {
    case 'A':
      return Buffer.from(value.split('.').map(Number))
    case 'AAAA':
      return ipv6(value)
    case 'MX':
      return Buffer.concat([uint16(words[0]), encodeName(words[1] ?? '')])
    case 'SRV':
      return Buffer.concat([...words.slice(0, 3).map(uint16), encodeName(words[3] ?? '')])
    case 'TXT':
      return text(value)
    case 'TLSA':
      return Buffer.concat([Buffer.from(words.slice(0, 3).map(Number)), Buffer.from(words.slice(3).join(''), 'hex')])
    case 'SOA':
      return Buffer.concat([encodeName(words[0] ?? ''), encodeName(words[1] ?? ''), ...words.slice(2).map(uint32)])
    case 'NS':
    case 'PTR':
    case 'CNAME':
      return encodeName(value)
    case 'ANY':
      throw new Error('ANY is a question, not a record')
  }
}

/** Character strings of at most 255 bytes (RFC 1035 section 3.3.14): quoted words apart, or the whole value. */
function text(value: string): Buffer {
  const quoted = [...value.matchAll(/"((?:\\.|[^"\\])*)"/g)].map((m) => m[1]!.replace(/\\(.)/g, '$1'))
  const strings = (quoted.length ? quoted : [value]).flatMap((s) => {
    const bytes = Buffer.from(s)
    const parts: Buffer[] = []
    for (let i = 0; i === 0 || i < bytes.length; i += 255) parts.push(bytes.subarray(i, i + 255))
    return parts
  })
  return Buffer.concat(strings.map((s) => Buffer.concat([Buffer.of(s.length), s])))
}

function ipv6(value: string): Buffer {
  const [left = '', right] = value.split('::')
  const groups = (part: string) => part.split(':').filter(Boolean)
  const head = groups(left)
  const tail = right === undefined ? [] : groups(right)
  const all = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return Buffer.concat(all.map((g) => uint16(String(parseInt(g, 16)))))
}

function uint16(value: string | undefined): Buffer {
  const b = Buffer.alloc(2)
  b.writeUInt16BE(Number(value))
  return b
}
function uint32(value: string): Buffer {
  const b = Buffer.alloc(4)
  b.writeUInt32BE(Number(value))
  return b
}
