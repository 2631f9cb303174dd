/** Text and numbers as Postfix's log has them. */

const CONTROL = /[\x00-\x1f\x7f]/ // eslint-disable-line no-control-regex
const CONTROLS = /[\x00-\x1f\x7f]/g // eslint-disable-line no-control-regex

/** What a remote host said may neither begin a line of its own nor move a terminal's cursor. */
export const printable = (text: string): string => (CONTROL.test(text) ? text.replace(CONTROLS, '?') : text)

/** At most so many bytes of it, and no part of a character. */
export function cut(text: string, bytes: number): string {
  // a character of UTF-16 is three bytes at most
  if (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes) return text
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes)).replace(/\ufffd$/, '')
}

/** What a client sent ahead of its turn, as C writes it. */
export const escaped = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f\\]/g, (c) => ESCAPES[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`) // eslint-disable-line no-control-regex
const ESCAPES: Record<string, string> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' }

/** One line of a reply's text. */
export const joined = (text: string | readonly string[]): string => (typeof text === 'string' ? text : text.join(' '))

/**
 * Seconds with two significant digits, but no more than `digits` behind the point and all before it: 0.06, 9.5, 123.
 * `ms` below 0 is 0: clocks of two moments may differ.
 */
export function seconds(ms: number, digits: number): string {
  if (ms <= 0) return '0'
  const whole = ms >= 10_000 ? 2 : ms >= 1000 ? 1 : 0
  const factor = 10 ** Math.min(Math.max(2 - whole, 0), digits)
  return String(Math.round((ms / 1000) * factor) / factor)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => (n < 10 ? `0${n}` : String(n))
/** `Nov  2 02:29:27`, local time (RFC 3164 section 4.1.2) */
export function stamp(ms: number): string {
  const d = new Date(ms)
  const day = String(d.getDate()).padStart(2)
  return `${MONTHS[d.getMonth()]} ${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}
