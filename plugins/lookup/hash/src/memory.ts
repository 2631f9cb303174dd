import { Problems, foldKey, readText, readTextFile } from '@postern/cdb'
import type { Entry, ReadText, TextFormat } from '@postern/cdb'
import { setImmediate as turn } from 'node:timers/promises'
import type { Snapshot } from './snapshot.ts'

/** A larger one would take a multiple of that in memory. */
export const MAX_BYTES = 256 * 1024 * 1024

/** Reads a text into memory. Throws when it cannot be read, is too large, or changes while it is read. */
export async function load(path: string, format: TextFormat): Promise<{ snapshot: Snapshot; problems: Problems }> {
  const { entries, problems, reading } = gather(format)
  const stamp = await readTextFile(path, { ...reading, maxBytes: MAX_BYTES, pause: () => turn() })
  const snapshot: Snapshot = {
    stamp,
    entries: entries.size,
    indexed: false,
    get: (key) => entries.get(key),
    list: () => entries,
    close: () => Promise.resolve(),
  }
  return { snapshot, problems }
}

/** The entries of a text in memory, keys folded, and what is wrong with its lines (the first 20). */
export async function parse(bytes: Buffer, format: TextFormat = 'table') {
  const { entries, problems, reading } = gather(format)
  await readText(bytes, reading)
  return { entries: entries as ReadonlyMap<string, string>, problems: problems.first, moreProblems: problems.more }
}

function gather(format: TextFormat) {
  const entries = new Map<string, string>()
  const problems = new Problems()
  // of two lines with the same key the first counts, as postmap has it
  const entry = ({ key, value }: Entry, line: number) => {
    const folded = foldKey(key)
    if (entries.has(folded)) problems.tell({ line, what: `duplicate entry: "${key}"`, kept: false })
    else entries.set(folded, value)
  }
  const reading: ReadText = { format, entry, problem: problems.tell }
  return { entries, problems, reading }
}
