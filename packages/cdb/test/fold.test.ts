/** Keys are folded as Postfix folds them: every character that has a case is asked of its own postmap. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { missingPrograms, tempFolder } from '@postern/testkit'
import { foldKey } from '@postern/cdb'

const cases: [string, string][] = [
  ['User@Example.ORG', 'user@example.org'],
  ['Straße', 'strasse'],
  ['STRASSE', 'strasse'],
  ['JÜRGEN', 'jürgen'],
  ['ΣΑΣ', 'σασ'],
  ['σας', 'σασ'],
  ['ı', 'ı'],
  ['ẞ', 'ss'],
  ['ﬁ', 'fi'],
  ['', ''],
]
test('cases', () => {
  for (const [key, folded] of cases) assert.is(foldKey(key), folded, key)
})

const why = missingPrograms('postmap')
/** Their cases are younger than Unicode 15, which Debian 12's Postfix knows. */
const YOUNG = /[\u1c89\ua7cb-\ua7dc\u{10d50}-\u{10d85}\u{16ea0}-\u{16ed3}]/u
/** All characters that toLowerCase, toUpperCase or the folding change. */
function cased(): string[] {
  const all: string[] = []
  for (let code = 0x80; code < 0x1f000; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const c = String.fromCodePoint(code)
    if (YOUNG.test(c)) continue
    if (c.toLowerCase() !== c || c.toUpperCase() !== c || foldKey(c) !== c) all.push(c)
  }
  return all
}
;(why ? test.skip : test)('each character with a case is held by postmap as we fold it', async () => {
  const folder = await tempFolder('fold')
  try {
    const file = `${folder.path}/table`
    const all = cased()
    assert.ok(all.length > 2500, String(all.length))
    // each character a key of its own, so that equal foldings do not meet
    const keys = all.map((c) => `k${c.codePointAt(0)}.${c}`)
    writeFileSync(file, keys.map((key) => `${key} ${key}\n`).join(''))
    spawnSync('postmap', [`hash:${file}`])
    // what postmap lists are the keys as it holds them
    const run = spawnSync('postmap', ['-s', `hash:${file}`], { encoding: 'utf8', maxBuffer: 1e8 })
    const held = new Map(run.stdout.split('\n').map((line) => line.split('\t').reverse() as [string, string]))
    const wrong = keys.filter((key) => held.get(key) !== foldKey(key)).map((k) => `${k} ${held.get(k)} ${foldKey(k)}`)
    assert.equal(wrong, [])
  } finally {
    await folder.remove()
  }
})
test.run()
