/** The lines that separate messages in an mbox, as Postfix writes them. */

const FROM = 'From '
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The lines above the message with the line that begins one: the asker's own, or one made of its Return-Path. */
export function withFromLine(above: string, now = new Date()): string {
  if (above.startsWith(FROM)) return above
  const sender = /^Return-Path:[ \t]*<(.*)>[ \t]*$/im.exec(above)?.[1]
  return `From ${sender || 'MAILER-DAEMON'}  ${asctime(now)}\n${above}`
}
/** asctime(3), local time */
function asctime(t: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const time = `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`
  return `${DAYS[t.getDay()]} ${MONTHS[t.getMonth()]} ${String(t.getDate()).padStart(2)} ${time} ${t.getFullYear()}`
}

/** Puts a `>` before each line that would begin a message, wherever the pieces are cut. */
export class FromQuote {
  #held = ''
  #lineStart = true
  #ended = true

  push(bytes: Buffer): Buffer {
    let text = this.#held + bytes.toString('latin1')
    const tail = text.slice(text.lastIndexOf('\n') + 1)
    const whole = tail.length === text.length
    // what may become "From " waits for the next piece
    const waits = tail !== '' && tail.length < FROM.length && FROM.startsWith(tail) && (!whole || this.#lineStart)
    this.#held = waits ? tail : ''
    if (waits) text = text.slice(0, -tail.length)
    if (text === '') return Buffer.alloc(0)
    const first = this.#lineStart && text.startsWith(FROM) ? '>' : ''
    this.#lineStart = this.#ended = text.endsWith('\n')
    return Buffer.from(first + text.replaceAll(`\n${FROM}`, `\n>${FROM}`), 'latin1')
  }
  /** The end of the last line if it has none, and the empty line that ends a message. */
  end(): Buffer {
    const ended = this.#held === '' && this.#ended
    return Buffer.from(this.#held + (ended ? '\n' : '\n\n'), 'latin1')
  }
}
