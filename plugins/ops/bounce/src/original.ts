/** The third part of a report: the message, or its header when that was asked for or the message is too big. */
import type { ReportView } from '@postern/core'
import type { Notice } from './audience.ts'

export interface Original {
  readonly headersOnly: boolean
  /** ends with CRLF */
  readonly bytes: Uint8Array
}

/**
 * `asked`: what RET asked for (RFC 3461 section 4.3). A message above `limit` bytes is not cut: a truncated message would
 * look whole to whoever opens it.
 */
export async function readOriginal(view: ReportView, much: Notice['original'], limit: number): Promise<Original> {
  const whole = (much === 'whole' || (much === 'asked' && view.ret !== 'HDRS')) && view.size <= limit
  const bytes = whole ? await readWhole(view, limit) : undefined
  return bytes ? { headersOnly: false, bytes } : { headersOnly: true, bytes: headerOf(view) }
}

/** `undefined` when the content is longer than it said, or damaged: the header is still there to be returned. */
async function readWhole(view: ReportView, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of view.content()) {
      size += chunk.length
      if (size > limit) return undefined
      chunks.push(chunk)
    }
  } catch (error) {
    if (isDamaged(error)) return undefined
    throw error
  }
  return withLineEnd(Buffer.concat(chunks))
}
// by code, not by class: there may be two copies of the core in one tree
const isDamaged = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === 'PN_BODY_DAMAGED'

/** `raw` holds bytes, one a character. */
const headerOf = (view: ReportView): Uint8Array =>
  withLineEnd(Buffer.from(view.header.fields.map((f) => f.raw).join(''), 'latin1'))

const LF = 0x0a
function withLineEnd(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0 && bytes.at(-1) !== LF ? Buffer.concat([bytes, Buffer.from('\r\n')]) : bytes
}
