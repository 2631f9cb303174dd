/** What a journal is opened with. */
import type { CompactOptions } from './compact.ts'
import type { Io } from './io.ts'
import type { Worker } from './part.ts'
import type { Logger } from '@postern/core'

export interface JournalOptions {
  /** folder of the journal */
  readonly path: string
  /** bytes */
  readonly segmentSize: number
  /** bytes: larger bodies get files of their own */
  readonly bodyThreshold: number
  readonly outcomeSync: 'lazy' | 'always'
  /** bytes that must be free for new mail */
  readonly minFree: number
  readonly log: Logger
  /** ms since 1970 */
  readonly now: () => number
  /** writes and syncs by threads of the journal's own; default: true */
  readonly threads?: boolean
  /** in place of either */
  readonly io?: Io
  /** ms between tries to write again after a fault */
  readonly probe?: number
  /** crashes in a row during its delivery after which a message is held, 1 to 15; default 3 */
  readonly crashLimit?: number
  /** ms and bytes of log between checkpoints; defaults 5 min, 256 MiB */
  readonly checkpointEvery?: number
  readonly checkpointBytes?: number
  /** Compaction by itself, `every` so many ms; defaults: every minute, 10 min, 20 MiB/s, 20 ms. `false`: only when `compact()` is called. */
  readonly compact?: false | Partial<CompactOptions & { readonly every: number }>
  /** which of the processes that share the queue this is; default: the only one */
  readonly worker?: Worker
  /** ms between looks for parts that nobody owns; default 30 s */
  readonly adoptEvery?: number
}
