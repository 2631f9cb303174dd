/** Exported messages, found again one after another. */
import { createReadStream } from 'node:fs'
import { opendir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { CommandError, EX } from '../../exit.ts'
import type { Pair } from './pair.ts'
import { readTar } from './tar.ts'

export type Problem = (name: string, text: string) => void

/** A folder, a tar archive, or `-` for one on standard input. What has no partner is told to `problem`. */
export async function* readArchive(place: string, problem: Problem): AsyncGenerator<Pair> {
  if (place === '-') return yield* fromTar(process.stdin, 'standard input', problem)
  const there = await stat(place).catch((error: Error) => {
    throw new CommandError(EX.NOINPUT, error.message)
  })
  if (there.isDirectory()) yield* fromFolder(place, problem)
  else yield* fromTar(createReadStream(place), place, problem)
}

async function* fromFolder(folder: string, problem: Problem): AsyncGenerator<Pair> {
  for await (const { name } of await opendir(folder)) {
    const stem = path.join(folder, path.parse(name).name)
    if (name.endsWith('.eml') && !(await isThere(`${stem}.json`))) problem(`${stem}.eml`, NO_FACTS)
    if (!name.endsWith('.json')) continue
    const content = await readFile(`${stem}.eml`).catch((error: Error) => problem(`${stem}.json`, error.message))
    const facts = content && parse(await readFile(`${stem}.json`), `${stem}.json`, problem)
    if (content && facts) yield { name: `${stem}.json`, facts: facts.value, content }
  }
}
const NO_FACTS = 'there is no .json file beside it: its sender and recipients are not known'
const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )
function parse(text: Buffer, name: string, problem: Problem): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.toString('utf8')) }
  } catch (error) {
    problem(name, (error as Error).message)
    return undefined
  }
}

/** Partners stand next to each other as they were written; until the second comes, the first waits in memory. */
async function* fromTar(stream: AsyncIterable<Buffer>, place: string, problem: Problem): AsyncGenerator<Pair> {
  const waiting = new Map<string, Buffer>()
  try {
    for await (const { name, content } of readTar(stream)) {
      const { dir, name: base, ext } = path.posix.parse(name)
      if (ext !== '.eml' && ext !== '.json') continue
      const stem = path.posix.join(dir, base)
      const other = `${stem}${ext === '.eml' ? '.json' : '.eml'}`
      const partner = waiting.get(other)
      if (!partner) {
        waiting.set(name, content)
        continue
      }
      waiting.delete(other)
      const [json, eml] = ext === '.json' ? [content, partner] : [partner, content]
      const facts = parse(json, `${place}: ${stem}.json`, problem)
      if (facts) yield { name: `${place}: ${stem}`, facts: facts.value, content: eml }
    }
  } catch (error) {
    problem(place, (error as Error).message)
  }
  for (const name of waiting.keys())
    problem(`${place}: ${name}`, name.endsWith('.eml') ? NO_FACTS : 'there is no .eml file beside it')
}
