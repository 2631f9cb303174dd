import * as fs from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random, tempFolder } from '@postern/testkit'
import type { TempFolder } from '@postern/testkit'
import { CdbFile, CdbWriter, Damaged, cdbHash, checkCdb } from '@postern/cdb'

let folder: TempFolder
test.before(async () => void (folder = await tempFolder('cdb')))
test.after(() => folder.remove())

const bytes = (text: string) => Buffer.from(text)
async function written(name: string, entries: Iterable<readonly [string, string]>): Promise<string> {
  const path = join(folder.path, name)
  const file = await open(path, 'w+')
  const writer = new CdbWriter(file)
  for (const [key, value] of entries) {
    writer.add(bytes(key), bytes(value))
    await writer.drain()
  }
  await writer.finish()
  await file.close()
  return path
}
async function opened(path: string): Promise<CdbFile> {
  const file = await open(path, 'r')
  return checkCdb(file).then(
    (checked) => new CdbFile(file, checked),
    async (error: unknown) => {
      await file.close()
      throw error
    },
  )
}
const listed = async (cdb: CdbFile) => {
  const all: [string, string][] = []
  for await (const [key, value] of cdb.records()) all.push([key.toString(), value.toString()])
  return all
}

test('the hash', () => {
  // 5381 * 33 ^ 'a'
  assert.is(cdbHash(bytes('')), 5381)
  assert.is(cdbHash(bytes('a')), ((5381 * 33) ^ 97) >>> 0)
  assert.ok(cdbHash(bytes('x'.repeat(1000))) >= 0)
})
const tables: [string, [string, string][]][] = [
  ['nothing', []],
  ['one', [['a', 'b']]],
  ['empty key and value', [['', 'x'], ['y', '']]], // prettier-ignore
  ['longer than what is read at once', [['k'.repeat(3000), 'v'.repeat(700_000)], ['small', 'v'.repeat(2_000_000)], ['z', '1']]], // prettier-ignore
  ['20,000', Array.from({ length: 20_000 }, (_, i) => [`user${i}@example.org`, `box/${i}/`])],
]
for (const [name, entries] of tables)
  test(`written and read: ${name}`, async () => {
    const cdb = await opened(await written('t', entries))
    assert.is(cdb.entries, entries.length)
    for (const [key, value] of entries) assert.is(cdb.find(bytes(key))?.toString(), value)
    for (const key of ['not there', 'user', 'K'.repeat(3000), '\0']) assert.is(cdb.find(bytes(key)), undefined)
    assert.equal(await listed(cdb), entries)
    await cdb.close()
  })
test('the first of two equal keys stays; whether it is in the buffer or written already', async () => {
  const file = await open(join(folder.path, 'twice'), 'w+')
  const writer = new CdbWriter(file)
  assert.is(writer.add(bytes('a'), bytes('1')), true)
  assert.is(writer.add(bytes('a'), bytes('2')), false)
  await writer.drain(0)
  assert.is(writer.add(bytes('a'), bytes('3')), false)
  assert.is(writer.add(bytes('b'), bytes('4')), true)
  await writer.finish()
  await file.close()
  const cdb = await opened(join(folder.path, 'twice'))
  assert.equal(await listed(cdb), [['a', '1'], ['b', '4']]) // prettier-ignore
  await cdb.close()
})
test('who goes through its records can do so to the end, though it is closed meanwhile', async () => {
  const cdb = await opened(await written('closed', tables[4]![1]))
  let seen = 0
  for await (const [key] of cdb.records()) if (key.length > 0 && ++seen === 1) await cdb.close()
  assert.is(seen, 20_000)
})
test('written over in place: an answer would be half of each', async () => {
  const path = await written('place', [['a', '1']])
  const cdb = await opened(path)
  fs.writeFileSync(path, fs.readFileSync(path))
  fs.utimesSync(path, 1, 1)
  for (const key of ['a', 'b'])
    assert.throws(
      () => cdb.find(bytes(key)),
      (e: unknown) => e instanceof Damaged,
    )
  await cdb.close()
})

const KEYS = Array.from({ length: 60 }, (_, i) => [`key${i}`, `value ${i} of the table`] as [string, string])
type Mutate = (image: Buffer, pick: (below: number) => number) => Buffer
const mutations: [string, number, Mutate][] = [
  ['one bit', 1500, (b, pick) => ((b[pick(b.length)]! ^= 1 << pick(8)), b)],
  ['cut', 400, (b, pick) => b.subarray(0, pick(b.length))],
  ['a stretch of zeros', 400, (b, pick) => b.fill(0, pick(b.length), pick(b.length))],
  ['a stretch of ones', 300, (b, pick) => b.fill(255, pick(b.length), pick(b.length))],
  ['bytes put in', 300, (b, pick) => put(b, pick(b.length), Buffer.alloc(1 + pick(20), pick(256)))],
  ['bytes taken out', 300, (b, pick) => take(b, pick(b.length), 1 + pick(20))],
  ['a number of the header', 400, (b, pick) => (b.writeUInt32LE(pick(2) ? 0xffffffff : pick(5000), pick(512) * 4), b)],
  ['a slot where nobody looks', 50, (b) => slotMoved(b)],
  ['the header of an empty table', 1, (b) => emptyHeader(b)],
  ['noise', 50, (b, pick) => Buffer.from(b.map(() => pick(256)))],
]
/** Two slots of a table with one entry change places. */
function slotMoved(b: Buffer): Buffer {
  for (let t = 0; t < 256; t++) {
    const at = b.readUInt32LE(t * 8)
    if (b.readUInt32LE(t * 8 + 4) !== 2) continue
    const slot = Buffer.from(b.subarray(at, at + 8))
    b.copy(b, at, at + 8, at + 16)
    slot.copy(b, at + 8)
    break
  }
  return b
}
function emptyHeader(b: Buffer): Buffer {
  for (let t = 0; t < 256; t++) b.writeBigUInt64LE(2048n, t * 8)
  return b
}
const put = (b: Buffer, at: number, more: Buffer) => Buffer.concat([b.subarray(0, at), more, b.subarray(at)])
const take = (b: Buffer, at: number, n: number) => Buffer.concat([b.subarray(0, at), b.subarray(at + n)])
for (const [seed, [name, count, mutate]] of mutations.entries())
  test(`damaged, ${name}: no key that was there is absent`, async () => {
    const next = random(seed)
    const pick = (below: number) => Math.floor(next() * below)
    const whole = fs.readFileSync(await written('whole', KEYS))
    const path = join(folder.path, 'damaged')
    let found = 0
    for (let i = 0; i < count; i++) {
      fs.writeFileSync(path, mutate(Buffer.from(whole), pick))
      let cdb: CdbFile
      try {
        cdb = await opened(path)
      } catch (error) {
        assert.instance(error, Damaged, String(error))
        continue
      }
      // what passes has at most other values: cdb has no checksum
      for (const [key, value] of KEYS) assert.is(cdb.find(bytes(key))?.length, value.length, `${name} ${i}`)
      found++
      await cdb.close()
    }
    assert.ok(found < count)
  })
test('a table that is all full, and lengths of gigabytes, end at once', async () => {
  const image = Buffer.alloc(2048 + 8 + 8 * 100_000)
  image.writeUInt32LE(0xfffffff0, 2048)
  image.writeUInt32LE(2056, 8)
  image.writeUInt32LE(100_000, 12)
  image.fill(1, 2056)
  const path = join(folder.path, 'full')
  fs.writeFileSync(path, image)
  const before = process.memoryUsage().arrayBuffers
  const error = await opened(path).catch((e: unknown) => e)
  assert.instance(error, Damaged)
  assert.ok(process.memoryUsage().arrayBuffers - before < 16e6)
})
const failing: [string, string, () => void][] = [
  ['a folder', 'folder', () => fs.mkdirSync(join(folder.path, 'folder'))],
  ['an empty file', 'empty', () => fs.writeFileSync(join(folder.path, 'empty'), '')],
]
for (const [title, name, make] of failing)
  test(`not a cdb file: ${title}`, async () => {
    make()
    const file: FileHandle = await open(join(folder.path, name), 'r')
    assert.instance(await checkCdb(file).catch((e: unknown) => e), Error)
    await file.close()
  })
test.run()
