/** Replies of memcached's text protocol (protocol.txt of memcached): lines that end in CRLF, and data of a told length. */

export interface Limits {
  /** bytes of a line */
  readonly line: number
  /** bytes of a value */
  readonly data: number
}
/** Reads one reply from the bytes that are there. `undefined`: it is not all there yet. Throws what a reply must not be. */
export type Reader<T> = (bytes: Buffer, limits: Limits) => { readonly used: number; readonly value: T } | undefined

/** The value of `get KEY`, or that there is none. */
export const valueOf = (key: string): Reader<string | undefined> => {
  // lines are compared byte by byte
  const wanted = Buffer.from(key).toString('latin1')
  return (bytes, limits) => {
    const first = lineAt(bytes, 0, limits)
    if (!first) return undefined
    if (first.text === 'END') return { used: first.end, value: undefined }
    const [, name, length] = /^VALUE ([^ ]+) \d+ (\d+)(?: \d+)?$/.exec(first.text) ?? []
    if (name !== wanted) throw unexpected(first.text)
    const size = Number(length)
    if (size > limits.data)
      throw new Error(`a value of ${size} bytes is above the limit of ${limits.data} (data_size_limit)`)
    const stop = first.end + size
    const crlf = bytes.subarray(stop, stop + 2)
    if (crlf.length === 2 && crlf.toString('latin1') !== '\r\n')
      throw new Error('a value is longer than the server said')
    const last = lineAt(bytes, stop + 2, limits)
    if (!last) return undefined
    if (last.text !== 'END') throw unexpected(last.text)
    return { used: last.end, value: bytes.toString('utf8', first.end, stop) }
  }
}
/** A line that begins with this word. */
export const lineOf =
  (word: string): Reader<string> =>
  (bytes, limits) => {
    const line = lineAt(bytes, 0, limits)
    if (!line) return undefined
    if (line.text.split(' ')[0] !== word) throw unexpected(line.text)
    return { used: line.end, value: line.text }
  }

function lineAt(bytes: Buffer, start: number, limits: Limits): { text: string; end: number } | undefined {
  const at = start > bytes.length ? -1 : bytes.indexOf('\r\n', start)
  if ((at < 0 ? bytes.length : at) - start > limits.line) throw new Error('a line is too long (line_size_limit)')
  return at < 0 ? undefined : { text: bytes.toString('latin1', start, at), end: at + 2 }
}
const unexpected = (text: string) => new Error(`unexpected reply: ${JSON.stringify(text.slice(0, 30))}`)
