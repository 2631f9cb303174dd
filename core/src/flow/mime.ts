/** The MIME parts of a message (RFC 2046 section 5.1), found by one pass over its lines; contents are read only when asked for. */
import type { BodySource } from '../contract/store.ts'
import type { HeaderView, MimePart } from '../contract/views.ts'
import { Header } from './header.ts'

/** Postfix's mime_nesting_limit and mime_boundary_length_limit. */
const NESTING_LIMIT = 100
const BOUNDARY_LIMIT = 2048
const HEADER_LIMIT = 102_400

interface Open {
  readonly boundary: string
  readonly path: string
  children: number
}
interface Pending {
  readonly path: string
  readonly depth: number
  readonly header: Header
  readonly type: ContentType
  readonly start: number
}
interface ContentType {
  readonly type: string
  readonly parameters: Record<string, string>
}

export async function* mimeParts(header: HeaderView, body: BodySource): AsyncIterable<MimePart> {
  const walker = new Walker(body)
  yield* walker.begin(header)
  for await (const line of rawLines(body.stream())) yield* walker.line(line)
  yield* walker.end()
}

class Walker {
  readonly #body: BodySource
  readonly #open: Open[] = []
  #part: Pending | undefined
  /** lines of a part's header; undefined while in content */
  #header: string[] | undefined
  #headerBytes = 0
  #at = 0

  constructor(body: BodySource) {
    this.#body = body
  }
  begin(header: HeaderView): MimePart[] {
    const type = contentType(header.get('content-type'))
    return this.#start('0', 0, header, type)
  }
  line(line: string): MimePart[] {
    const at = this.#at
    this.#at += line.length
    const text = line.replace(/\r?\n$/, '')
    const hit = text.startsWith('--') ? this.#match(text) : undefined
    if (hit) return this.#boundary(hit, at)
    if (!this.#header) return []
    // a line that is no field begins the content, as in a message: nothing hides in a header that is none
    if (text !== '' && this.#headerBytes + line.length < HEADER_LIMIT && isField(line, this.#header.length > 0)) {
      this.#header.push(line)
      this.#headerBytes += line.length
      return []
    }
    return this.#headerDone(text === '' ? this.#at : at)
  }
  end(): MimePart[] {
    const out = this.#header ? this.#headerDone() : []
    return [...out, ...this.#finish(this.#at)]
  }
  /** The innermost open boundary wins; outer ones end what is inside (RFC 2046 section 5.1.2). */
  #match(text: string): { index: number; close: boolean } | undefined {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const b = `--${this.#open[i]!.boundary}`
      if (!text.startsWith(b)) continue
      const rest = text.slice(b.length).trimEnd()
      // of a boundary over the limit only the beginning is compared, as Postfix does
      if (this.#open[i]!.boundary.length >= BOUNDARY_LIMIT) return { index: i, close: text.trimEnd().endsWith('--') }
      if (rest === '' || rest === '--') return { index: i, close: rest === '--' }
    }
    return undefined
  }
  #boundary(hit: { index: number; close: boolean }, at: number): MimePart[] {
    const early = this.#header ? this.#headerDone() : []
    // the CRLF before a boundary belongs to the boundary
    const out = [...early, ...this.#finish(Math.max(this.#part?.start ?? 0, at - 2))]
    this.#open.length = hit.close ? hit.index : hit.index + 1
    this.#header = hit.close ? undefined : []
    this.#headerBytes = 0
    return out
  }
  #headerDone(start = this.#at): MimePart[] {
    const header = new Header(Buffer.from(this.#header!.join(''), 'latin1'))
    this.#header = undefined
    const parent = this.#open[this.#open.length - 1]!
    const n = ++parent.children
    const path = parent.path === '0' ? String(n) : `${parent.path}.${n}`
    return this.#start(path, this.#open.length, header, contentType(header.get('content-type')), start)
  }
  #start(path: string, depth: number, header: HeaderView, type: ContentType, start = this.#at): MimePart[] {
    const boundary = type.parameters.boundary?.slice(0, BOUNDARY_LIMIT)
    if (type.type.startsWith('multipart/') && boundary && this.#open.length < NESTING_LIMIT) {
      this.#open.push({ boundary, path, children: 0 })
      this.#part = undefined
      return [part(path, depth, header, type, this.#body, 0, 0)]
    }
    this.#part = { path, depth, header: header as Header, type, start }
    return []
  }
  #finish(end: number): MimePart[] {
    const p = this.#part
    this.#part = undefined
    return p ? [part(p.path, p.depth, p.header, p.type, this.#body, p.start, Math.max(p.start, end))] : []
  }
}
const isField = (line: string, continued: boolean) =>
  (continued && /^[ \t]/.test(line)) || /^[!-9;-~]+[ \t]*:/.test(line)
const part = (
  path: string,
  depth: number,
  header: HeaderView,
  type: ContentType,
  body: BodySource,
  start: number,
  end: number,
): MimePart => ({
  path,
  depth,
  header,
  contentType: type.type,
  parameters: type.parameters,
  stream: () => range(body, start, end),
})
async function* range(body: BodySource, start: number, end: number): AsyncIterable<Uint8Array> {
  let at = 0
  if (start >= end) return
  for await (const chunk of body.stream()) {
    const from = Math.max(0, start - at)
    const to = Math.min(chunk.length, end - at)
    if (to > from) yield chunk.subarray(from, to)
    at += chunk.length
    if (at >= end) return
  }
}
/** RFC 2045 section 5.1; parameters with quotes; RFC 2231 pieces are left as they are. */
export function contentType(value: string | undefined): ContentType {
  const parameters: Record<string, string> = {}
  const type = /^\s*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)/.exec(value ?? '')?.[1]?.toLowerCase()
  if (!type) return { type: 'text/plain', parameters }
  for (const m of value!.matchAll(/;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/gs))
    parameters[m[1]!.toLowerCase()] = m[2]?.replace(/\\(.)/gs, '$1') ?? m[3]!
  return { type, parameters }
}
async function* rawLines(source: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  let rest = ''
  for await (const chunk of source) {
    rest += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    let at = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', at)) {
      yield rest.slice(at, end + 1)
      at = end + 1
    }
    rest = rest.slice(at)
  }
  if (rest !== '') yield rest
}
