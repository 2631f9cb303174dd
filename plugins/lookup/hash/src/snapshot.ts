import type { Stamp } from '@postern/cdb'
import type { TableEntry } from '@postern/core'

/** A table as it was when its text was read. */
export interface Snapshot {
  /** which text it was */
  readonly stamp: Stamp
  readonly entries: number
  /** on disk, not in memory */
  readonly indexed: boolean
  /** `key` is folded already. Throws when the index cannot be read or is damaged. */
  get(key: string): string | undefined
  list(): AsyncIterable<TableEntry> | Iterable<TableEntry>
  close(): Promise<void>
}
