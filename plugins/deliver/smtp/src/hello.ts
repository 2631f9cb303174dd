/** What is said first: EHLO or HELO, and what of the answer counts. */

export interface Hello {
  /** `smtp_always_send_ehlo`: also to a server whose greeting does not say ESMTP */
  readonly always: boolean
  /** `smtp_never_send_ehlo`: it counts more */
  readonly never: boolean
  /** keywords of the answer that are not heeded, in upper case */
  readonly discarded: ReadonlySet<string>
}

/** As Postfix reads a greeting: ESMTP may be any word of it, in any of its lines. */
export const wantsEhlo = (greeting: string, { always, never }: Hello): boolean =>
  !never && (always || greeting.slice(4).toUpperCase().split(/\s+/).includes('ESMTP'))

/** `size, dsn`: what `smtp_discard_ehlo_keywords` may name, in upper case. `silent-discard` is none and does no harm. */
export const keywordSet = (text: string | readonly string[]): ReadonlySet<string> =>
  new Set((typeof text === 'string' ? text.split(/[\s,]+/) : text).map((word) => word.toUpperCase()))
