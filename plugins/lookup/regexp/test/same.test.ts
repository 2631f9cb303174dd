/** Random tables and keys: the same answers and the same lines refused as Debian's Postfix. PATTERN_TABLES asks for more. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { tempFolder } from '@postern/testkit'
import { Generator } from './generate.ts'
import { open } from './open.ts'
import { askMany, missingPostmap, postmap } from './postmap.ts'

const TABLES = Number(process.env.PATTERN_TABLES ?? 60)
const SEED = Number(process.env.PATTERN_SEED ?? 1)
const KEYS = 25
const real = missingPostmap() ? test.skip : test

/** `v7 [ab] ...`: the rule's own part, in front of what its groups brought */
const rule = (value: string | undefined) => value?.split(' ')[0]
const lines = (all: readonly string[]) => [...new Set(all)].sort().join(' ')

for (const notation of ['regexp', 'pcre'] as const) {
  real(`${notation}: ${TABLES} random tables`, async () => {
    const folder = await tempFolder('same')
    const file = join(folder.path, 'table')
    const name = `${notation}:${file}`
    let found = 0
    let otherGroups = 0
    try {
      for (let seed = SEED; seed < SEED + TABLES; seed++) {
        const generator = new Generator(notation, seed)
        const text = generator.table()
        const keys = [...new Set(Array.from({ length: KEYS }, () => generator.key()))]
        writeFileSync(file, text)
        const theirs = await askMany(folder.path, name, keys)
        const ours = await open(notation, file)
        // PCRE gave up, which is no answer: nothing to compare with
        if (theirs.warnings.some((w) => w.includes('match limit exceeded'))) continue
        const at = `seed ${seed}:\n${text}\n${theirs.warnings.join('\n')}\n${ours.problems().join('\n')}\n`
        const refused = theirs.warnings.flatMap((w) => / map .* line (\d+)/.exec(w)?.[1] ?? [])
        assert.is(lines(ours.problems().map((p) => p.split(':')[0]!)), lines(refused), at)
        for (const key of keys) {
          const answer = await ours.get(key)
          // an empty result, or half a character: an error of the table for Postfix, too
          if (answer.kind === 'failed') assert.match(answer.cause, /the result is (empty|not UTF-8)/, at)
          const mine = answer.kind === 'found' ? answer.value : undefined
          const their = theirs.found.get(key)
          if (their !== undefined) found++
          const halves = theirs.warnings.some((w) => w.includes(`key "${key}": non-UTF-8 value`))
          if (mine !== their && (rule(mine) === rule(their) || halves)) otherGroups++
          else assert.is(mine, their, `${at}\nkey ${JSON.stringify(key)}`)
        }
      }
    } finally {
      await folder.remove()
    }
    assert.ok(found > TABLES * 5, `only ${found} keys were found: the generator finds nothing out`)
    // what a repeated group matched last: glibc follows POSIX no better, and PCRE repeats once more with nothing
    assert.ok(otherGroups <= Math.ceil(found / 100), `${otherGroups} of ${found} with other groups`)
    if (process.env.PATTERN_TABLES) console.log(`# ${notation}: ${found} found, ${otherGroups} with other groups`)
  })
}

/** keys of several lines, as headers and their continuations are: rule, key */
const multiline: [string, string][] = [
  ['/a$/ v', 'a\nb'],
  ['/^b/ v', 'a\nb'],
  ['/^b/m v', 'a\nb'],
  ['/a$/m v', 'a\nb'],
  ['/a.b/ v', 'a\nb'],
  ['/a.b/m v', 'a\nb'],
  ['/a[^c]b/m v', 'a\nb'],
  ['/a[^c]b/ v', 'a\nb'],
  ['/a[[:space:]]b/m v', 'a\nb'],
  ['/a\\sb/m v', 'a\nb'],
  ['/a\\Wb/m v', 'a\nb'],
  ['/a$/ v', 'a\n'],
  ['/a$/m v', 'a\n'],
  ['/a\\n?$/ v', 'a\n'],
  ['/^(a.*)$/ v[$1]', 'Subject: a\n b'],
  ['/^Subject: (.*) b$/ v$1', 'Subject: x\n a\n\tb b'],
]
const perlOnly: [string, string][] = [
  ['/a.b/s v', 'a\nb'],
  ['/a$/E v', 'a\n'],
  ['/a$/Em v', 'a\nb'],
  ['/a\\Z/ v', 'a\n'],
  ['/a\\z/ v', 'a\n'],
  ['/(a)$/ v[$1]', 'a\n'],
  ['/b/A v', 'ab'],
  ['/(a+)/U v$1', 'aaa'],
  ['/(a+?)/U v$1', 'aaa'],
]
real('keys of several lines', async () => {
  const folder = await tempFolder('same')
  const file = join(folder.path, 'table')
  try {
    for (const notation of ['regexp', 'pcre']) {
      for (const [text, key] of notation === 'pcre' ? [...multiline, ...perlOnly] : multiline) {
        writeFileSync(file, `${text}\n`)
        const theirs = (await postmap(folder.path, ['-q', key, `${notation}:${file}`])).out.slice(0, -1)
        const answer = await (await open(notation, file)).get(key)
        assert.is(answer.kind === 'found' ? answer.value : '', theirs, `${notation} ${text} ${JSON.stringify(key)}`)
      }
    }
  } finally {
    await folder.remove()
  }
})

test.run()
