/** main.cf: `name = value` lines. */
import { join } from 'node:path'
import { logicalLines, readText } from './lines.ts'
import type { Problem } from './problem.ts'
import { nameValue } from './text.ts'

export interface Entry {
  readonly name: string
  /** as written: nothing expanded, lines joined, without white space at its ends */
  readonly value: string
  /** where it begins, counted from 1 */
  readonly line: number
  readonly file: string
}
export interface MainCf {
  readonly file: string
  /** in the file's order, those that later ones override too */
  readonly entries: readonly Entry[]
  /** the last entry of each name */
  readonly last: ReadonlyMap<string, Entry>
  readonly problems: readonly Problem[]
}

/** Rejects as readFile does. */
export async function readMainCf(dir: string): Promise<MainCf> {
  const file = join(dir, 'main.cf')
  return parseMainCf(await readText(file), file)
}

/** Never throws: what is wrong is in `problems`, and the other lines count. */
export function parseMainCf(text: string, file = 'main.cf'): MainCf {
  const { lines, problems } = logicalLines(text, file)
  const entries: Entry[] = []
  const last = new Map<string, Entry>()
  for (const { text: whole, line } of lines) {
    const pair = nameValue(whole)
    if ('problem' in pair) {
      problems.push({ file, line, text: `${pair.problem}: "${whole}"`, fatal: true })
      continue
    }
    const entry = { ...pair, line, file }
    const earlier = last.get(entry.name)
    if (earlier && earlier.value !== entry.value) {
      const text = `overriding earlier entry: ${entry.name}=${earlier.value}`
      problems.push({ file, line, text, fatal: false })
    }
    entries.push(entry)
    last.set(entry.name, entry)
  }
  return { file, entries, last, problems }
}
