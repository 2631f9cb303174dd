/** -F: values that stand for the content of files. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readTextFile } from '@postern/cdb'
import type { TableBuilt } from '@postern/core'
import type { TypedSource } from '@postern/cli/tables'
import { systemText } from './fatal.ts'
import type { Named } from './open.ts'

export type Content = { readonly bytes: Buffer } | { readonly problem: string }

/** Of a text table the value names files; elsewhere it is their content in base64, as Postfix stores it. */
export function contentOf(named: Named, key: string, value: string): Content {
  if (named.isText) return readFiles(value)
  const text = value.replace(/\s+/g, '')
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    return { problem: `table ${named.name}: key ${key}: malformed BASE64 value: ${value.slice(0, 100)}` }
  return { bytes: Buffer.from(text, 'base64') }
}
/** Names are parted by commas or white space; a line feed stands between two contents. */
export function readFiles(value: string): Content {
  const parts: Buffer[] = []
  for (const file of value.split(/[,\s]+/).filter(Boolean)) {
    try {
      if (parts.length > 0) parts.push(Buffer.from('\n'))
      parts.push(readFileSync(file))
    } catch (error) {
      return { problem: `open ${file}: ${systemText(error)}` }
    }
  }
  return parts.length === 0 ? { problem: 'empty pathname list' } : { bytes: Buffer.concat(parts) }
}

interface Kept {
  readonly key: string
  readonly content: Buffer
}
/** The entries whose files can be read; the others are said, and so is what is wrong with lines. */
export async function checkFiles(named: Named, say: (text: string) => void, isLast = false): Promise<Kept[]> {
  const kept: Kept[] = []
  await readTextFile(named.file, {
    format: 'table',
    entry: ({ key, value }, line) => {
      const content = readFiles(value)
      if ('bytes' in content) kept.push({ key, content: content.bytes })
      else say(`warning: ${named.rest}, line ${line}: ${content.problem}: skipping this entry`)
    },
    problem: ({ line, what }) => {
      // who builds from the text itself tells it once more
      if (isLast) say(`warning: ${named.rest}, line ${line}: ${what}`)
    },
  })
  return kept
}
/** Builds from a text with the contents in base64 in a folder beside the table, and moves what was made. */
export async function buildOfFiles(
  named: Named,
  { type, source, context }: TypedSource,
  say: (text: string) => void,
): Promise<TableBuilt> {
  const kept = await checkFiles(named, say, true)
  const folder = await mkdtemp(`${named.file}.`)
  try {
    const text = path.join(folder, path.basename(named.file))
    await writeFile(text, kept.map(({ key, content }) => `${key}\t${content.toString('base64')}\n`).join(''))
    const built = await type.build!({ ...source, spec: text }, context)
    const files = built.files.map((made) => [made, made.replace(text, named.file)] as const)
    for (const [made, file] of files) await rename(made, file)
    const problems = built.problems.map((p) => p.replaceAll(text, named.rest).replace(/, line \d+/, ''))
    return { entries: built.entries, files: files.map(([, file]) => file), problems }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
