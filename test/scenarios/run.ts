/** Scenarios under a server, several at a time. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OWN_TOOLS } from '../conformance/board/own.ts'
import { inPool } from '../conformance/board/pool.ts'
import { missingHere } from '../conformance/needs.ts'
import { runInside } from '../conformance/outside.ts'
import type { Answered } from '../conformance/outside.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** ms for one */
const LIMIT = 120_000
/** they wait more than they work */
const AT_A_TIME = 4

export const folderOf = (name: string): string => join(HERE, name)
/** Names of all; SCENARIOS=a,b takes those that have one of the words in theirs. */
export function scenarios(): string[] {
  const words = (process.env.SCENARIOS ?? '').split(',')
  const isOne = (name: string) => existsSync(join(HERE, name, 'case.json'))
  return readdirSync(HERE).filter((name) => isOne(name) && words.some((word) => name.includes(word)))
}
/** Why they cannot be run here; told, and in CI an error. */
export function missing(): string | undefined {
  const why = missingHere()
  if (why && process.env.CI === 'true') throw new Error(why)
  if (why) process.stdout.write(`# skipped: ${why}\n`)
  return why
}
/** Answers by name. */
export async function runAll(names: readonly string[], server: string): Promise<ReadonlyMap<string, Answered>> {
  const run = (name: string) => runInside({ case: folderOf(name), server, tools: OWN_TOOLS }, LIMIT)
  return new Map(await inPool(names, AT_A_TIME, async (name) => [name, await run(name)] as const))
}
