/** What becomes of one message that was picked up. */
import { PosternError } from '@postern/core'

export interface Refusal {
  readonly code: number
  readonly esc: string
  readonly text: string
}
export type Verdict =
  | { readonly kind: 'queued'; readonly id: string }
  /** for good: the sender is told */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** it is no mail that anybody could be told of */
  | { readonly kind: 'unusable'; readonly why: string }
  /** try again later */
  | { readonly kind: 'later'; readonly cause: unknown }

/** The core's answer to `mta.submit`, without throwing. */
export async function verdictOf(submitted: Promise<string>): Promise<Verdict> {
  try {
    return { kind: 'queued', id: await submitted }
  } catch (error) {
    if (!(error instanceof PosternError) || error.code !== 'PN_REFUSED') return { kind: 'later', cause: error }
    // an address that is none (the store's faults are no TypeErrors)
    if (error.cause instanceof TypeError) return { kind: 'unusable', why: error.cause.message }
    const reply = /: (\d{3}) (?:(\d\.\d{1,3}\.\d{1,3}) )?([^]*)$/.exec(error.message)
    if (!reply || !reply[1]!.startsWith('5')) return { kind: 'later', cause: error }
    return { kind: 'refused', refusal: { code: Number(reply[1]), esc: reply[2] ?? '5.0.0', text: reply[3]! } }
  }
}
