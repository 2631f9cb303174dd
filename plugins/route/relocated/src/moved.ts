/** Has somebody moved, and what is a sender told? */
import type { Call, MailAddress, MaybePromise, PermanentCode, Table } from '@postern/core'
import { findAddress } from '@postern/maps'
import type { AddressSite, Failed } from '@postern/maps'

export interface Moved {
  readonly kind: 'moved'
  /** `undefined`: the table names none */
  readonly esc: PermanentCode | undefined
  readonly text: string
}
/** `undefined`: not that we knew. */
export type Answer = Moved | Failed | undefined
export type Ask = (address: MailAddress, call: Call) => MaybePromise<Answer>

/** Keys are those of relocated(5); extensions do not go on. */
export function asker(tables: readonly Table[], site: AddressSite, prefix: boolean): Ask {
  const answer = (found: Awaited<ReturnType<typeof findAddress>>): Answer => {
    if (found.kind === 'absent') return undefined
    return found.kind === 'failed' ? found : movedTo(found.value, prefix)
  }
  return (address, call) => {
    const found = findAddress(tables, address, call, site)
    return found instanceof Promise ? found.then(answer) : answer(found)
  }
}

/** What a table says. A status of its own (`5.2.0 no mailbox any more`) is always permanent, as error(8) has it. */
export function movedTo(value: string, prefix: boolean): Moved | Failed {
  if (prefix) return { kind: 'moved', esc: '5.1.6', text: `User has moved to ${value}` }
  const [, detail, text] = /^\s*(?:[245]\.(\d{1,3}\.\d{1,3})(?=\s|$))?\s*(.*?)\s*$/s.exec(value)!
  // nothing to tell: mail must not be returned for that
  if (!text) return { kind: 'failed', why: 'misconfigured', cause: `relocated: "${value}" has no text` }
  return { kind: 'moved', esc: detail === undefined ? undefined : (`5.${detail}` as PermanentCode), text }
}
