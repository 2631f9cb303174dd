import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { logicalLines, parseLine } from './parse.ts'
import type { LineProblem } from './parse.ts'

/** More than that is a wrong file name or a job for a database; it would be held in memory whole. */
export const MAX_BYTES = 256 * 1024 * 1024
/** Lines between two turns of the event loop: sessions must not wait for a large table. */
const SLICE = 5000
/** Problems that are told one by one; the rest is a number. */
const MAX_PROBLEMS = 20

export interface Loaded {
  readonly entries: ReadonlyMap<string, string>
  readonly problems: readonly LineProblem[]
  readonly moreProblems: number
  /** which file this is: compare with `stampOf` of a later stat */
  readonly stamp: string
}

/** Changes when the file is replaced, written or truncated. */
export const stampOf = (s: BigIntStats): string => `${s.dev}.${s.ino}.${s.size}.${s.mtimeNs}.${s.ctimeNs}`

/** Reads and parses a file. Throws when it cannot be read, is too large, or changes while it is read. */
export async function load(path: string): Promise<Loaded> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const before = await file.stat({ bigint: true })
    if (!before.isFile()) throw new Error('not a regular file')
    if (before.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`)
    const bytes = await file.readFile()
    const stamp = stampOf(await file.stat({ bigint: true }))
    if (stamp !== stampOf(before)) throw new Error('changed while it was read')
    // Postfix's binary tables (.db, .cdb) have them all over
    if (bytes.includes(0)) throw new Error('not a text file')
    return { ...(await parse(bytes)), stamp }
  } finally {
    await file.close()
  }
}

/** Parses a table. Of two lines with the same key the first counts, as postmap has it. */
export async function parse(bytes: Buffer): Promise<Omit<Loaded, 'stamp'>> {
  const entries = new Map<string, string>()
  const problems: LineProblem[] = []
  let moreProblems = 0
  const problem = (p: LineProblem) => (problems.length < MAX_PROBLEMS ? problems.push(p) : moreProblems++)
  const utf8 = isUtf8(bytes)
  let count = 0
  for (const logical of logicalLines(bytes.toString(utf8 ? 'utf8' : 'latin1'), problem)) {
    if (++count % SLICE === 0) await turn()
    const text = utf8 ? logical.text : recode(logical.text)
    if (text === undefined) {
      problem({ line: logical.line, what: 'not UTF-8', kept: false })
      continue
    }
    const entry = parseLine({ line: logical.line, text }, problem)
    if (!entry) continue
    const key = entry.key.toLowerCase()
    if (entries.has(key)) problem({ line: logical.line, what: `duplicate entry: "${entry.key}"`, kept: false })
    else entries.set(key, entry.value)
  }
  return { entries, problems, moreProblems }
}

/** One line of a file that is not UTF-8 as a whole. */
function recode(latin1: string): string | undefined {
  const bytes = Buffer.from(latin1, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
