/** Addresses in header fields and envelopes, taken apart, rewritten and put together as Postfix does it. */
export { headerRewriting, isAddressField, isRecipientField, isSenderField, rewriteFields } from './fields.ts'
export type { HeaderRewriting } from './fields.ts'
export { eachAddress, rewriteList } from './list.ts'
export type { RewriteAddress } from './list.ts'
export { externalOf, internalOf, lastAt, mailAddress, quoteAddress, tokensOf } from './tokens.ts'
export type { Token } from './tokens.ts'
export { trivial } from './trivial.ts'
export type { TrivialOptions } from './trivial.ts'
