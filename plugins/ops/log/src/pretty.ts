/** One line for people: time, level, event, queue id, then the fields. */

const RESET = '\x1b[0m'
const DIM = '\x1b[2m'
const COLOURS: Record<string, string> = { debug: '\x1b[90m', info: '\x1b[32m', warn: '\x1b[33m', error: '\x1b[31m' }
const EVENT_WIDTH = 17
const ID_WIDTH = 13

export function prettyLine(record: Readonly<Record<string, unknown>>, colour: boolean): string {
  const { time, level, event, id, ...fields } = record
  const paint = (code: string, text: string) => (colour ? code + text + RESET : text)
  const head = [
    paint(DIM, String(time).slice(11, 23)),
    paint(COLOURS[String(level)] ?? '', String(level).toUpperCase().padEnd(5)),
    String(event).padEnd(EVENT_WIDTH),
    (id === undefined ? '' : printable(id)).padEnd(ID_WIDTH),
  ]
  const rest = Object.entries(fields).map(([name, value]) => paint(DIM, `${name}=`) + printable(value))
  return `${[...head, ...rest].join(' ').trimEnd()}\n`
}

/** Quoted where it must be: a remote host's text may not move the cursor or begin a line of its own. */
function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // eslint-disable-next-line no-control-regex
  return typeof value === 'string' && /[\s"\x00-\x1f\x7f-\x9f]|^$/.test(text) ? quoted(text) : escaped(text)
}
const quoted = (text: string): string => escaped(JSON.stringify(text))
// JSON leaves DEL and the C1 controls as they are
const escaped = (text: string): string =>
  text.replace(/[\x7f-\x9f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
