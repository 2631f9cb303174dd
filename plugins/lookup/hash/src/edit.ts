/** Changes the text of a table: what people wrote stays, with its comments and its order. */
import { constants } from 'node:fs'
import { open, readFile, realpath, stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { isUtf8 } from 'node:buffer'
import { Busy, foldKey, parseEntry, replaceFile, sameStamp, stampOf } from '@postern/cdb'
import type { TableChanges, TableEdited } from '@postern/core'
import { indexPath, writeIndex } from './index-file.ts'
import { MAX_BYTES } from './memory.ts'
import type { Source } from './source.ts'
import { TextOfTable, lineOf } from './text.ts'

/** ms for which another edit of the same file is waited for */
const PATIENCE = 10_000
/** There is nothing to write. */
class Unchanged extends Error {}
/** Keys that are named to the caller. */
const NAMED = 100

/**
 * Puts and removes entries, in one step: the file is replaced by a whole one, or nothing has happened. A file that is not
 * there yet is made. Throws what cannot be written as a line, and the system's errors.
 */
export async function edit(source: Source, changes: TableChanges): Promise<TableEdited> {
  const put = new Map<string, { key: string; line: string }>()
  const duplicates: string[] = []
  const named = (key: string) => void (duplicates.length < NAMED && duplicates.push(key))
  for (const [key, value] of changes.put ?? []) {
    const folded = foldKey(source.format === 'table' ? key : plainKey(source, key))
    if (put.has(folded) && changes.duplicates === 'keep') named(key)
    else put.set(folded, { key, line: lineOf(source.format, key, value) })
  }
  const gone = new Set((changes.remove ?? []).map((key) => foldKey(key)))
  // a link stays a link: the file behind it is replaced
  const path = await realpath(source.path).catch(() => source.path)
  let edited: TableEdited = { put: 0, removed: 0, duplicates }
  for (const until = Date.now() + PATIENCE; ;) {
    try {
      edited = await once(path, source, put, gone, changes.duplicates, named)
      break
    } catch (error) {
      if (error instanceof Unchanged) break
      if (!(error instanceof Busy) || Date.now() > until) throw error
      await wait(100)
    }
  }
  await indexAgain({ ...source, path })
  return { ...edited, duplicates }
}

async function once(
  path: string,
  source: Source,
  put: ReadonlyMap<string, { key: string; line: string }>,
  gone: ReadonlySet<string>,
  onDuplicate: TableChanges['duplicates'],
  named: (key: string) => void,
): Promise<TableEdited> {
  const before = await stats(path)
  const like = before ?? { mode: 0o644, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  return replaceFile(path, `${path}.edit`, like, async (file) => {
    // read behind the lock that the new file is: of two edits at once none is lost
    const text = new TextOfTable(before ? await read(path) : '', source.format)
    let removed = 0
    for (const key of gone) if (!put.has(key) && text.remove(key)) removed++
    let written = 0
    for (const [key, { key: asked, line }] of put) {
      if (!text.has(key) || gone.has(key)) {
        if (text.remove(key)) removed++
        text.append(line)
        written++
      } else if (onDuplicate === 'replace') {
        text.replace(key, line)
        written++
      } else named(asked)
    }
    if (written + removed === 0) throw new Unchanged()
    await file.writeFile(text.toString())
    const now = await stats(path)
    if (before && now ? !sameStamp(stampOf(before), stampOf(now)) : before !== now)
      throw new Busy(`${path} was changed by another program meanwhile`)
    return { put: written, removed, duplicates: [] }
  })
}
/** The key as it is looked up. */
function plainKey(source: Source, key: string): string {
  return parseEntry(source.format, { line: 1, text: lineOf(source.format, key, 'x') }, () => undefined)?.key ?? key
}
async function stats(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}
async function read(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { size } = await file.stat()
    if (size > MAX_BYTES) throw new Error(`${path}: larger than ${MAX_BYTES} bytes: edit it by other means`)
    const bytes = await readFile(file)
    if (bytes.includes(0)) throw new Error(`${path}: not a text file`)
    // it would come back with other bytes in lines that nobody asked to change
    if (!isUtf8(bytes)) throw new Error(`${path}: not UTF-8; it is not edited`)
    return bytes.toString()
  } finally {
    await file.close()
  }
}
/** Who had an index made wants one. */
async function indexAgain(source: Source): Promise<void> {
  if (await stats(indexPath(source.path))) await writeIndex(source)
}
