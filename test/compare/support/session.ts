/** One message after the other over a connection, pipelined; replies in full. */
import { dialogue } from '@postern/testkit'

export interface Case {
  readonly sender: string
  readonly recipients: readonly string[]
  /** each with its continuation lines, bytes as Latin-1 */
  readonly fields: readonly string[]
}
export interface Said {
  readonly mail: string
  readonly rcpt: readonly string[]
  /** the last reply; absent when no recipient was accepted */
  readonly end?: string
  readonly id?: string
}

/** commands in one write */
const AT_ONCE = 50
/** UTF-8; a lone surrogate is the byte that its low part says. */
const wire = (text: string): Buffer =>
  Buffer.concat(
    text
      .split(/([\udc80-\udcff])/u)
      .map((part, i) => (i % 2 === 1 ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part, 'utf8'))),
  )

export async function sendAll(port: number, cases: readonly Case[]): Promise<Said[]> {
  const d = await dialogue(port, { timeout: 20_000 })
  const out: Said[] = []
  try {
    await d.send('EHLO client.example')
    for (const { sender, recipients, fields } of cases) {
      const lines = [`MAIL FROM:<${sender}>`, ...recipients.map((r) => `RCPT TO:<${r}>`)]
      const [mail = '', ...rcpt] = await d.raw(wire(`${lines.join('\r\n')}\r\n`), lines.length)
      if (!rcpt.some((r) => r.startsWith('2'))) {
        out.push({ mail, rcpt })
        await d.send('RSET')
        continue
      }
      const data = await d.send('DATA')
      const end = data.startsWith('354') ? (await d.raw(wire(`${fields.join('\r\n')}\r\n\r\nbody\r\n.\r\n`)))[0]! : data
      const id = /queued as (\S+)/.exec(end)?.[1]
      out.push({ mail, rcpt, end: id ? end.replace(id, '@QID@') : end, id })
      if (!id) await d.send('RSET')
    }
    await d.send('QUIT')
  } finally {
    await d.close()
  }
  return out
}

/** What is said to `MAIL FROM:<address>`, for each. */
export async function mailReplies(port: number, addresses: readonly string[]): Promise<string[]> {
  const d = await dialogue(port, { timeout: 20_000 })
  try {
    await d.send('EHLO client.example')
    const out: string[] = []
    for (let i = 0; i < addresses.length; i += AT_ONCE) {
      const some = addresses.slice(i, i + AT_ONCE)
      const lines = some.map((address) => `MAIL FROM:<${address}>\r\nRSET\r\n`).join('')
      const replies = await d.raw(wire(lines), some.length * 2)
      out.push(...replies.filter((_reply, j) => j % 2 === 0))
    }
    await d.send('QUIT')
    return out
  } finally {
    await d.close()
  }
}
