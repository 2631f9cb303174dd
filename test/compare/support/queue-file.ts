/** A message as Postfix's cleanup(8) has written it. */
import { readFileSync } from 'node:fs'

export interface Cleaned {
  readonly sender: string
  readonly recipients: readonly string[]
  /** lines, bytes as Latin-1 */
  readonly header: readonly string[]
}

/** Records are a letter, the length in base 128 with the low part first, and that many bytes (Postfix's record.h, rec_type.h). */
export function readQueueFile(file: string): Cleaned {
  const bytes = readFileSync(file)
  const recipients: string[] = []
  const lines: string[] = []
  let sender = ''
  let partial = ''
  for (let at = 0; at < bytes.length;) {
    const type = String.fromCharCode(bytes[at++]!)
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      length |= (byte & 127) << shift
      if (byte < 128) break
    }
    const text = bytes.toString('latin1', at, at + length)
    at += length
    if (type === 'S') sender = text
    else if (type === 'R') recipients.push(text)
    else if (type === 'L') partial += text
    else if (type === 'N') {
      lines.push(partial + text)
      partial = ''
    } else if (type === 'E') break
  }
  const end = lines.indexOf('')
  return { sender, recipients, header: end < 0 ? lines : lines.slice(0, end) }
}
