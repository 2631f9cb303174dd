/**
 * Damage to any file of a journal (flipped bits, lost pages, pages in the wrong place, files cut short): each message is exact,
 * or its loss is told; wrong bytes are never served. A checkpoint that is gone or damaged costs time and nothing else.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random, tempFolder } from '@postern/testkit'
import { progress, row, times } from './support/report.ts'
import { JournalUnderTest } from './support/store-run.ts'

const SEED = Number(process.env.SEED ?? 1)
const PAGE = 4096

const filesOf = (path: string): string[] =>
  fs
    .readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => fs.statSync(file).isFile())
const used = (bytes: Buffer): number[] =>
  Array.from({ length: Math.ceil(bytes.length / PAGE) }, (_, n) => n * PAGE).filter((at) =>
    bytes.subarray(at, at + PAGE).some((byte) => byte !== 0),
  )
const KINDS = ['bit', 'zeros', 'elsewhere', 'short'] as const
const WORDS = { bit: 'a flipped bit', zeros: 'a page of zeros', elsewhere: 'a page from elsewhere', short: 'cut short' }
/** Damages a file at a place that is in use; what was done, in words. */
function damage(file: string, kind: (typeof KINDS)[number], next: () => number): string {
  const bytes = fs.readFileSync(file)
  const pages = used(bytes)
  const any = () => pages[Math.floor(next() * pages.length)]!
  const page = any()
  const at = page + Math.floor(next() * Math.min(PAGE, bytes.length - page))
  if (kind === 'bit') bytes[at]! ^= 1 << Math.floor(next() * 8)
  else if (kind === 'zeros') bytes.fill(0, page, Math.min(page + PAGE, bytes.length))
  else if (kind === 'elsewhere') bytes.copy(bytes, page, any(), page + PAGE)
  fs.writeFileSync(file, kind === 'short' ? bytes.subarray(0, at) : bytes)
  return `${kind} at ${at} of ${file.slice(file.indexOf('/parts/') + 44)}`
}
const withJournal = async (work: (path: string, journal: JournalUnderTest, outside: string) => Promise<void>) => {
  const folder = await tempFolder('postern-damage')
  try {
    await work(join(folder.path, 'journal'), new JournalUnderTest(join(folder.path, 'trace')), folder.path)
  } finally {
    await folder.remove()
  }
}

for (const kind of KINDS) {
  const name = `damage: ${WORDS[kind]}`
  const run = () => damaged(kind, name)
  test(`${name}: exact or reported`, run)
}
async function damaged(kind: (typeof KINDS)[number], name: string): Promise<void> {
  await withJournal(async (path, journal, outside) => {
    for (let life = 0; life < 3; life++) assert.ok((await journal.life(path, SEED + life, 100)).done)
    const sound = await journal.copy().check(path)
    assert.equal([...sound.lost, ...sound.damaged, ...sound.unreadable, ...sound.problems], [])
    const next = random(SEED)
    const runs = times(6, 200)
    let silent = 0
    let refused = 0
    const wrong: string[] = []
    for (let n = 0; n < runs; n++) {
      const copy = join(outside, 'copy')
      fs.cpSync(path, copy, { recursive: true })
      const files = filesOf(copy).filter((file) => used(fs.readFileSync(file)).length > 0)
      const what = damage(files[Math.floor(next() * files.length)]!, kind, next)
      const look = journal.copy().check(copy)
      const found = await look.catch((error: Error) => error)
      // a start that refuses has told it too
      if (found instanceof Error) refused++
      else {
        const told = found.problems.length > 0
        if (found.damaged.length > 0) wrong.push(`${what}: ${found.damaged.join()} served with other bytes`)
        if (!told && found.lost.length + found.resurrected.length + found.unreadable.length > 0)
          wrong.push(`${what}: ${JSON.stringify(found)} and nothing told`)
        if (!told) silent++
      }
      fs.rmSync(copy, { recursive: true })
    }
    for (const line of wrong) progress(line)
    const note = `${runs - silent - refused} reported, ${silent - wrong.length} harmless, ${refused} starts refused`
    const { size } = journal.promised
    assert.equal(wrong, [])
    row({ name, runs, acknowledged: size, lost: wrong.length, explained: 0, unexplained: 0, note })
  })
}

test('a checkpoint that is gone, or damaged: the same queue', () =>
  withJournal(async (path, journal) => {
    const next = random(SEED)
    const checkpoints = () => filesOf(path).filter((file) => file.includes('/ckpt/'))
    let seen = 0
    const runs = times(2, 30)
    for (let n = 0; n < runs; n++) {
      assert.ok((await journal.life(path, SEED + n, 100)).done)
      for (const file of checkpoints()) {
        seen++
        if (n % 2 === 0) fs.rmSync(file)
        else damage(file, KINDS[seen % KINDS.length]!, next)
      }
      const found = await journal.check(path)
      assert.equal([...found.lost, ...found.resurrected, ...found.damaged, ...found.unreadable], [])
    }
    const acknowledged = journal.acknowledged
    const note = seen ? `${seen} checkpoints` : 'this journal has no checkpoints'
    row({ name: 'checkpoint gone or damaged', runs, acknowledged, lost: 0, explained: 0, unexplained: 0, note })
  }))
test.run()
