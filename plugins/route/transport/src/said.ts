/** What a lookup says as text. */
import type { Lookup } from '@postern/core'
import type { Failed } from '@postern/maps'

/** An empty value is a mistake in the table, not an answer: mail waits until it is mended, as in Postfix. */
export function said(found: Lookup, key: string): string | undefined | Failed {
  if (found.kind === 'absent') return undefined
  if (found.kind === 'failed') return found
  if (found.value.trim() !== '') return found.value
  return { kind: 'failed', why: 'misconfigured', cause: `the table has an empty value for ${key}` }
}
