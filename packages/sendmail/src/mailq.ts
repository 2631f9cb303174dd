/** The queue as Postfix's postqueue -p prints it, in its form for long queue ids. */
import { writeSync } from 'node:fs'
import type { QueueEntry } from '@postern/core'
import { connectControl } from './control.ts'

const HEAD = '----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n'
const EMPTY = 'Mail queue is empty\n'
const INDENT = ' '.repeat(47)

/** Prints to standard output. Rejects with Fatal (69) when the daemon is down. */
export async function mailq(spool: string): Promise<void> {
  const daemon = await connectControl(spool, 'Queue report unavailable - mail system is down')
  let bytes = 0
  let count = 0
  const out = printer()
  try {
    await daemon.ask('queue.list', {}, (row) => {
      const entry = row as QueueEntry
      out.print((count === 0 ? HEAD : '\n') + entryText(entry, Date.now()))
      count++
      bytes += entry.size
    })
  } finally {
    daemon.close()
  }
  const requests = `${count} Request${count === 1 ? '' : 's'}`
  out.print(count === 0 ? EMPTY : `\n-- ${Math.ceil(bytes / 1024)} Kbytes in ${requests}.\n`)
  out.flush()
}

/** One message with its pending recipients, each reason once above those it holds for. */
export function entryText(m: QueueEntry, now: number): string {
  const status = m.held ? '!' : m.expired ? '#' : m.nextTry <= now ? '*' : ''
  const head = `${(m.id + status).padEnd(17)} ${String(m.size).padStart(8)} ${dateOf(m.envelope.created)} ${visible(m.envelope.sender || 'MAILER-DAEMON')}\n`
  const byReason = new Map<string, string[]>()
  for (const r of m.recipients) {
    if (r.state !== 'pending') continue
    const reason = r.text ? visible(r.text) : ''
    byReason.set(reason, [...(byReason.get(reason) ?? []), `${INDENT}${visible(r.address)}\n`])
  }
  const groups = [...byReason].map(([reason, lines]) => reasonLine(reason) + lines.join(''))
  return head + groups.join('')
}
const reasonLine = (reason: string): string =>
  reason === '' ? '' : `${' '.repeat(Math.max(0, 76 - reason.length))}(${reason})\n`
/** `Sat Nov 21 10:21:35`, in local time */
function dateOf(ms: number): string {
  const [day, month, date, , time] = new Date(ms).toString().split(' ')
  return `${day} ${month} ${date!.replace(/^0/, ' ')} ${time}`
}
/** What others wrote must not move somebody's cursor. */
const visible = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?') // eslint-disable-line no-control-regex

/** Gathers lines: a queue of 100,000 messages is not that many system calls. A reader that has gone ends it. */
function printer() {
  let text = ''
  const flush = () => {
    const bytes = Buffer.from(text)
    text = ''
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
      process.exit(0)
    }
  }
  return {
    print(more: string) {
      text += more
      if (text.length > 65_536) flush()
    },
    flush,
  }
}
