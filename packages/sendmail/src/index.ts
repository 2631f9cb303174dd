/** @postern/sendmail: what whoever picks up the drop folder must know of it. */
export { ADDRESS_LIMIT, ENVELOPE_LIMIT, NAME_LIMIT, RECIPIENTS_LIMIT, VERIFY_LIMIT } from './format.ts'
export { FINISHED, UNFINISHED, readDrop, trailer } from './format.ts'
export type { DropEnvelope, DropFile, DropNotify, DropRecipient } from './format.ts'
export { addressesOf } from './address-list.ts'
export { isAuthorized } from './user.ts'
export type { SiteFacts } from './place.ts'
