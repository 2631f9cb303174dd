/** Message content on its way over SMTP and LMTP. */

/** Line ends made CRLF, leading dots doubled (RFC 5321 section 4.5.2), the final dot added. */
export function dotStuffed(text: string | Uint8Array): Buffer {
  const raw = typeof text === 'string' ? text : Buffer.from(text).toString('latin1')
  let out = raw.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..')
  if (out !== '' && !out.endsWith('\r\n')) out += '\r\n'
  return Buffer.from(`${out}.\r\n`, typeof text === 'string' ? 'utf8' : 'latin1')
}

/** A header field's value, unfolded; the first with this name. `message` has CRLF or LF line ends. */
export function headerOf(message: string, name: string): string | undefined {
  return headersOf(message).find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1]
}

/** The header's fields in order, unfolded and trimmed. */
export function headersOf(message: string): [name: string, value: string][] {
  const text = message.replace(/\r\n/g, '\n')
  const end = text.startsWith('\n') ? 0 : text.indexOf('\n\n')
  const head = end < 0 ? text : text.slice(0, end)
  const fields: [string, string][] = []
  for (const line of head.replace(/\n([ \t])/g, '$1').split('\n')) {
    const m = /^([^\s:]+)\s*:\s*(.*)$/.exec(line)
    if (m) fields.push([m[1]!, m[2]!.trimEnd()])
  }
  return fields
}

/** What stands behind the empty line. */
export function bodyOf(message: string): string {
  const m = /\r?\n\r?\n/.exec(message)
  return m ? message.slice(m.index + m[0].length) : ''
}
