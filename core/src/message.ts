/** A message's bytes put together again. */
import type { BodySource, Envelope } from './contract/store.ts'

const EMPTY_LINE = Buffer.from('\r\n')
const NOTHING = Buffer.alloc(0)

interface Whole {
  readonly envelope: Pick<Envelope, 'headerOnly'>
  readonly header: Uint8Array
  readonly body: Pick<BodySource, 'size'>
}
/** What stands between header and body: an empty line, or nothing where the message came without one. */
export const gapOf = (envelope: Pick<Envelope, 'headerOnly'>): Uint8Array =>
  envelope.headerOnly ? NOTHING : EMPTY_LINE
/** Bytes of header, what stands between, and body. */
export const messageSize = ({ envelope, header, body }: Whole): number =>
  header.length + gapOf(envelope).length + body.size
