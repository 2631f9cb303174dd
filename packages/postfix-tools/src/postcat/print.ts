/** One message as postcat prints it. */
import type { Whole } from '@postern/cli/queue'
import { queueName } from '@postern/sendmail/queue'
import { envelopeRecords } from './records.ts'

export interface Parts {
  readonly envelope: boolean
  readonly header: boolean
  readonly body: boolean
  /** -d: each line with its record's type before it */
  readonly types: boolean
  /** -v: content lines with what they are */
  readonly labels: boolean
}
const TYPES = { content: 77, text: 78, extracted: 88, end: 69 } as const

/** The lines, as bytes. Throws BodyDamaged behind the last good one. */
export async function* printed({ message, content }: Whole, parts: Parts): AsyncGenerator<Buffer> {
  const line = (type: number, text: Buffer | string) =>
    Buffer.concat([Buffer.from(parts.types ? `${String(type).padStart(3)} ` : ''), Buffer.from(text), NEWLINE])
  const title = (type: number, text: string) =>
    line(type, `*** ${text} ${queueName(message, Date.now())}/${message.id} ***`)
  if (parts.envelope) {
    yield Buffer.from(`*** ENVELOPE RECORDS ${queueName(message, Date.now())}/${message.id} ***\n`)
    for (const { type, label, text } of envelopeRecords(message)) yield line(type, label + text)
    yield title(TYPES.content, 'MESSAGE CONTENTS')
  }
  if (parts.header || parts.body) {
    const label = parts.labels ? 'regular_text: ' : ''
    let isBody = false
    for await (const text of linesOf(content)) {
      if (text.length === 0) isBody = true
      if (isBody ? parts.body : parts.header) yield line(TYPES.text, Buffer.concat([Buffer.from(label), text]))
      else if (isBody) break
    }
  }
  if (!parts.envelope) return
  yield title(TYPES.extracted, 'HEADER EXTRACTED')
  yield title(TYPES.end, 'MESSAGE FILE END')
}
const NEWLINE = Buffer.from('\n')

/** Without their ends, which are CRLF in the queue. */
async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of content) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let from = 0
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      yield bytes.subarray(from, at > from && bytes[at - 1] === 13 ? at - 1 : at)
      from = at + 1
    }
    rest = bytes.subarray(from)
  }
  if (rest.length > 0) yield rest
}
