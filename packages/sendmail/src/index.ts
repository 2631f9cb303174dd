/** @postern/sendmail: what whoever picks up the drop folder must know of it. */
export { ENVELOPE_LIMIT, FINISHED, UNFINISHED, readDrop, trailer } from './format.ts'
export type { DropEnvelope, DropFile, DropNotify, DropRecipient } from './format.ts'
export { addressesOf } from './address-list.ts'
export { isAuthorized } from './user.ts'
export type { SiteFacts } from './place.ts'
