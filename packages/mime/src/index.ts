/** @postern/mime: messages as streams of headers and contents, as Postfix's mime_state sees them. */
export { Downgrade, MimeTooDeep } from './downgrade.ts'
export { contentTypeOf, encodingOf } from './entity.ts'
export type { ContentType, Domain, Encoding, Entity, Place } from './entity.ts'
export { isMimeField } from './fields.ts'
export { MimeMachine } from './machine.ts'
export { QuotedPrintable } from './quoted-printable.ts'
export { MIME_LIMITS } from './sink.ts'
export type { MimeField, MimeLimits, MimeSink } from './sink.ts'
