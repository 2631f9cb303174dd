/**
 * The message on standard input. Read by blocking calls: process.stdin would load the stream machinery, which costs more
 * than the rest of a call.
 */
import { readSync } from 'node:fs'
import { Fatal } from './fatal.ts'

/** A line longer than this is passed on in pieces. */
const LONG = 65_536

/** What is at `fd` now, `undefined` at its end. Waits where the other side has made it non-blocking. */
export function readChunk(fd: number, buffer: Buffer): Buffer | undefined {
  for (;;) {
    try {
      const n = readSync(fd, buffer, 0, buffer.length, null)
      return n === 0 ? undefined : buffer.subarray(0, n)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EOF') return undefined
      if (code !== 'EAGAIN') throw new Fatal(`error reading input: ${message}`)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

/**
 * Lines as they go to the drop folder: the envelope line of a mailbox (`From `, also quoted) in front is dropped, line ends
 * become CRLF, and a line with a dot alone is the end where `dotEnds` says so. Text is latin1: byte for byte.
 */
export class MessageLines {
  #rest = ''
  /** in the middle of a line longer than LONG */
  #within = false
  #first = true
  #ended = false
  readonly #dotEnds: boolean
  constructor(dotEnds: boolean) {
    this.#dotEnds = dotEnds
  }
  get ended(): boolean {
    return this.#ended
  }
  push(chunk: Buffer): string {
    const text = this.#rest + chunk.toString('latin1')
    const cut = text.lastIndexOf('\n') + 1
    const long = text.length - cut > LONG
    // a CR at the end of a piece may belong to the line's end
    const upTo = long ? text.length - /\r*$/.exec(text.slice(-LONG))![0].length : cut
    this.#rest = text.slice(upTo)
    const out = upTo === 0 ? '' : this.#lines(text.slice(0, upTo))
    if (upTo > 0) this.#within = upTo > cut
    return out
  }
  end(): string {
    if (this.#ended || this.#rest === '') return ''
    return this.#lines(this.#rest)
  }
  #lines(text: string): string {
    let body = this.#first ? withoutFromLines(text) : text
    if (body !== '') this.#first = false
    if (this.#dotEnds) {
      const dot = (this.#within ? /\n\.\r*(?:\n|$)/ : /(?:^|\n)\.\r*(?:\n|$)/).exec(body)
      if (dot) {
        this.#ended = true
        body = body.slice(0, dot.index + (dot[0].startsWith('\n') ? 1 : 0))
      }
    }
    return body.replace(/\r*\n/g, '\r\n')
  }
}
const withoutFromLines = (text: string): string => text.replace(/^(?:>*From [^\n]*\n)+/, '')

/** The header's fields in the bytes in front of a message, unfolded; `undefined` when it does not end in them. */
export function headerFields(front: Buffer, complete: boolean): { name: string; value: string }[] | undefined {
  const fields: { name: string; value: string }[] = []
  const text = front.toString('utf8')
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\n', at)
    if (end < 0 && !complete) return undefined
    const line = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, '')
    const field = /^([!-9;-~]+)[ \t]*:([\s\S]*)$/.exec(line)
    if (/^[ \t]/.test(line) && fields.length > 0) fields.at(-1)!.value += `\n${line}`
    else if (field) fields.push({ name: field[1]!.toLowerCase(), value: field[2]! })
    else return fields
    if (end < 0) break
    at = end + 1
  }
  return complete ? fields : undefined
}
