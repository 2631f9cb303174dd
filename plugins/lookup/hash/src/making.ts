/** How the index of a large text comes to be while lookups go on. */
import { setTimeout as wait } from 'node:timers/promises'
import { stat } from 'node:fs/promises'
import { BadText, Busy, sameStamp, stampOf } from '@postern/cdb'
import type { Problems } from '@postern/cdb'
import { openIndex, privateIndex, writeIndex } from './index-file.ts'
import { MAX_BYTES, load } from './memory.ts'
import type { Snapshot } from './snapshot.ts'
import type { Source } from './source.ts'

/** ms between two looks whether another process has made the index */
const PATIENCE = 250

export interface Made {
  readonly snapshot: Snapshot
  readonly problems?: Problems
}
/** The table is closed: its work ends. */
export class Closed extends Error {}

/**
 * Makes the index beside the text, or waits for a process that does already. Where that is not possible (a folder that must not
 * be written, a full disk) a private one, and where that is not either, a table in memory; `instead` is told. Throws when
 * the text cannot be read, and `Closed`.
 */
export async function makeIndex(
  source: Source,
  closed: AbortSignal,
  instead: (what: 'temporary' | 'memory', why: string) => void,
): Promise<Made> {
  const go = () => {
    if (closed.aborted) throw new Closed()
  }
  for (;;) {
    const text = await stat(source.path, { bigint: true })
    const there = await openIndex(source, { stamp: stampOf(text), uid: text.uid }).catch(() => undefined)
    if (there) return { snapshot: there }
    let why: unknown
    try {
      const { stamp, problems } = await writeIndex(source, go)
      const snapshot = await openIndex(source, { stamp, uid: text.uid })
      if (snapshot) return { snapshot, problems }
      why = new Error('the index that was written is not there')
    } catch (error) {
      if (error instanceof Closed || error instanceof BadText) throw error
      if (error instanceof Busy) {
        await wait(PATIENCE, undefined, { signal: closed }).catch(() => undefined)
        go()
        continue
      }
      why = error
    }
    // a text that changed meanwhile would do so again
    const now = await stat(source.path, { bigint: true })
    if (!sameStamp(stampOf(text), stampOf(now))) throw new Error('changed while it was read')
    return elsewhere(source, go, (why as Error).message, instead, Number(now.size))
  }
}
async function elsewhere(
  source: Source,
  go: () => void,
  why: string,
  instead: (what: 'temporary' | 'memory', why: string) => void,
  size: number,
): Promise<Made> {
  try {
    const made = await privateIndex(source, go)
    instead('temporary', why)
    return made
  } catch (error) {
    if (error instanceof Closed || size > MAX_BYTES) throw error
    const made = await load(source.path, source.format)
    instead('memory', `${why}; ${(error as Error).message}`)
    return made
  }
}
