/** The same keys asked of Debian's postmap and of ours: thousands of generated tables, by a seed that a failure prints. */
import { spawn } from 'node:child_process'
import { utimes, writeFile } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fakeCall, missingPrograms, programPath, random, tempFolder } from '@postern/testkit'
import { desk } from './support.ts'

const why = missingPrograms('postmap')
const TABLES = Number(process.env.POSTERN_TABLES ?? 200)
const SEED = Number(process.env.POSTERN_SEED ?? Date.now() % 1_000_000)
const WORDS = ['a', 'b', 'c', 'A', 'ab', 'x@y.example', 'y.example', '"q r"', 'ü']
const KEYS = [...WORDS, 'B', 'none', 'X@Y.Example', 'a,b', 'a b', '{a}']

/** What postmap answers to keys; nothing of any when one fails. */
async function postmap(
  table: string,
  keys: readonly string[],
): Promise<{ found: Map<string, string>; failed: boolean; said: string }> {
  const child = spawn(programPath('postmap')!, ['-q', '-', table], { stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  // it may have ended already when a table cannot be opened
  child.stdin.on('error', () => undefined).end(`${keys.join('\n')}\n`)
  await new Promise((done) => child.on('close', done))
  const found = new Map<string, string>()
  for (const line of out.split('\n').filter(Boolean)) {
    const at = line.indexOf('\t')
    found.set(line.slice(0, at), line.slice(at + 1))
  }
  return { found, failed: said.includes('fatal:'), said }
}

function generator(chance: () => number, file: string) {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!
  const some = (most: number, make: () => string) =>
    Array.from({ length: 1 + Math.floor(chance() * most) }, make).join(pick([', ', ',', ' ', ' , ', '\t']))
  const pair = () => {
    const key = pick(WORDS)
    const value = pick(WORDS)
    return /\s/.test(key + value) || chance() < 0.2 ? `{ ${key} = ${value} }` : `${key}=${value}`
  }
  const table = (depth: number): string => {
    const n = chance()
    if (depth > 0 && n < 0.3) return `unionmap:{${some(3, () => table(depth - 1))}}`
    if (depth > 0 && n < 0.6) return `pipemap:{${some(3, () => table(depth - 1))}}`
    if (n < 0.65) return `randmap:{${pick(['a', 'b', '{a b}'])}}`
    if (n < 0.655) return 'fail:on-purpose'
    if (n < 0.78) return pick(['static:b', 'static:{x@y.example}', 'static:A'])
    if (n < 0.88) return `texthash:${file}`
    return `inline:{${some(4, pair)}}`
  }
  return () => table(1 + Math.floor(chance() * 4))
}

/** Throws when an answer differs. */
async function compare(definition: string): Promise<void> {
  const all = await postmap(definition, KEYS)
  // postmap says nothing of the other keys when one has failed, and takes a second to say that
  const theirs = await Promise.all(KEYS.map(async (key) => (all.failed ? postmap(definition, [key]) : all)))
  const tables = await desk()
  try {
    const ours = await tables.table(definition, '/')
    assert.is(ours.problem, undefined, definition)
    for (const [i, key] of KEYS.entries()) {
      const { failed, found, said } = theirs[i]!
      const answer = await ours.get(key, fakeCall())
      const what = `${definition} <- ${key} ${said}`
      assert.is(answer.kind === 'failed', failed, what)
      assert.is(answer.kind === 'found' ? answer.value : undefined, found.get(key), what)
    }
  } finally {
    await tables.close()
  }
}

;(why ? test.skip : test)(`${TABLES} tables answer as Debian's postmap, seed ${SEED}`, async () => {
  const folder = await tempFolder('compose')
  try {
    const file = `${folder.path}/words`
    await writeFile(file, 'a b\nb c, a\nc x@y.example\nx@y.example a\ny.example A\n"q r" ab\n')
    // postmap waits for a file that was written this second
    await utimes(file, 1e9, 1e9)
    const next = generator(random(SEED), file)
    const definitions = Array.from({ length: TABLES }, next)
    for (let i = 0; i < definitions.length; i += 16) await Promise.all(definitions.slice(i, i + 16).map(compare))
  } finally {
    await folder.remove()
  }
})
test.run()
