/** What is told of a message, and the limits. */
import type { Entity, Place } from './entity.ts'

export interface MimeLimits {
  /** `mime_boundary_length_limit`: of a longer boundary only that many bytes count */
  readonly boundaryLength: number
  /** `mime_nesting_limit`: multiparts inside each other */
  readonly nesting: number
  /** `header_size_limit`: bytes of one field */
  readonly headerSize: number
}
export const MIME_LIMITS: MimeLimits = { boundaryLength: 2048, nesting: 100, headerSize: 102_400 }

export interface MimeField {
  readonly name: string
  /** behind the colon, as it stands; lines are parted by CRLF, without the last one */
  readonly value: string
  /** the field, latin1, without its last CRLF; white space before the colon is taken out */
  readonly raw: string
  readonly place: Place
  /** It is longer than the limit: the rest follows as `excess`. */
  readonly truncated: boolean
}
/** Told in the order of the message. All but `body` may be left out. */
export interface MimeSink {
  /** `entity`: with what this field says */
  field?(field: MimeField, entity: Entity): void
  /** what did not fit into a field, as it stands, with its line end */
  excess?(bytes: Uint8Array): void
  /** The header is over; its empty line comes as content. False: a message inside is no more than content. */
  headerEnd?(entity: Entity): boolean | undefined
  /** Content as it stands, boundaries, empty lines and what is around the parts included. Pieces of any size: lines may be split. */
  body(bytes: Uint8Array, entity: Entity): void
  /** There are more multiparts inside each other than the limit; this one's parts are not looked for. */
  tooDeep?(field: MimeField): void
}
