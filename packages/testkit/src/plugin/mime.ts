/** MIME parts of a made-up message, for taps that ask for the tier `mime` (RFC 2046 section 5.1). */
import type { MimePart } from '@postern/core'
import { headerView, splitMessage } from './message.ts'

/** The message's parts, outermost first; path `0` is the message itself. */
export function mimeParts(message: string): MimePart[] {
  return walk(message, '0', 0)
}

function walk(text: string, path: string, depth: number): MimePart[] {
  const { header, body } = splitMessage(text)
  const view = headerView(header)
  const { type, parameters } = contentType(view.get('Content-Type') ?? 'text/plain')
  const multipart = type.startsWith('multipart/') && parameters.boundary !== undefined
  const own: MimePart = {
    path,
    depth,
    header: view,
    contentType: type,
    parameters,
    async *stream() {
      if (!multipart) yield Buffer.from(body)
    },
  }
  if (!multipart) return [own]
  const inner = between(body, parameters.boundary!)
  return [own, ...inner.flatMap((part, i) => walk(part, path === '0' ? `${i + 1}` : `${path}.${i + 1}`, depth + 1))]
}

function between(body: string, boundary: string): string[] {
  const mark = boundary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pieces = `\r\n${body}`.split(new RegExp(`\\r\\n--${mark}[ \\t]*(?:\\r\\n|(?=--))`))
  return pieces.slice(1).filter((piece) => !/^--\s*/.test(piece))
}

function contentType(value: string): { type: string; parameters: Record<string, string> } {
  const parameters: Record<string, string> = {}
  for (const m of value.matchAll(/;\s*([^=\s;]+)\s*=\s*("(?:\\.|[^"\\])*"|[^;\s]+)/g)) {
    parameters[m[1]!.toLowerCase()] = m[2]!.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1')
  }
  return { type: (/^[^;\s]+/.exec(value)?.[0] ?? 'text/plain').toLowerCase(), parameters }
}
