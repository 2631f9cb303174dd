/** As much of a message's form as the comparison looks at: header fields, parts, the fields of a delivery status. */

export type Field = readonly [name: string, value: string]
export interface Parsed {
  readonly fields: readonly Field[]
  readonly body: string
}

/** Fields up to the first line that is none; values as they stand, with their folds. Lines end with `\n`. */
export function parseMessage(text: string): Parsed {
  const lines = text.split('\n')
  const fields: [string, string][] = []
  let i = 0
  for (; i < lines.length; i++) {
    const line = lines[i]!
    const last = fields.at(-1)
    if (/^[ \t]/.test(line) && last) {
      last[1] += `\n${line}`
      continue
    }
    const m = /^([\x21-\x39\x3b-\x7e]+):[ \t]*(.*)$/.exec(line)
    if (!m) break
    fields.push([m[1]!, m[2]!])
  }
  if (lines[i] === '') i++
  return { fields, body: lines.slice(i).join('\n') }
}

export const unfolded = (value: string): string => value.trim().split(/\s+/).join(' ')

export function fieldOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1]
}

/** `text/plain` and the like, in lower case. */
export function contentType(fields: readonly Field[]): string {
  const value = unfolded(fieldOf(fields, 'Content-Type') ?? '')
  return /^[^\s;]+\/[^\s;]+/.exec(value)?.[0].toLowerCase() ?? 'text/plain'
}

/** The parts of a multipart; without a boundary none. */
export function partsOf(message: Parsed): Parsed[] {
  const value = unfolded(fieldOf(message.fields, 'Content-Type') ?? '')
  const m = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(value)
  const boundary = m?.[1] ?? m?.[2]
  if (boundary === undefined) return []
  const parts: string[][] = []
  for (const line of message.body.split('\n')) {
    if (line === `--${boundary}--`) break
    if (line === `--${boundary}`) parts.push([])
    else parts.at(-1)?.push(line)
  }
  return parts.map((lines) => parseMessage(lines.join('\n')))
}

export interface Report {
  /** types of the parts */
  readonly parts: readonly string[]
  /** of each status part groups of fields: the message's first, then one a recipient (RFC 3464 section 2.1) */
  readonly statuses: readonly (readonly (readonly Field[])[])[]
}

/** undefined for what is no report (RFC 6522). */
export function reportIn(message: Parsed): Report | undefined {
  if (contentType(message.fields) !== 'multipart/report') return undefined
  const parts = partsOf(message)
  const isStatus = (p: Parsed) => /^message\/(global-)?delivery-status$/.test(contentType(p.fields))
  const groups = (p: Parsed) => p.body.split(/\n\n+/).map((g) => parseMessage(g).fields)
  return {
    parts: parts.map((p) => contentType(p.fields)),
    statuses: parts.filter(isStatus).map((p) => groups(p).filter((g) => g.length > 0)),
  }
}
