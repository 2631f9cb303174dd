/**
 * 1,000 rules against a header of 4 KiB and against an address: lookups a second with each engine, with and without the
 * sieve of literals, with a set of re2js, and of `postmap -q -`. Not part of the tests: node --import tsx test/bench.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { random, tempFolder } from '@postern/testkit'
import { RE2JS, RE2Set } from 're2js'
import { open } from './open.ts'
import { askMany, missingPostmap } from './postmap.ts'

const next = random(3)
const word = () =>
  Array.from({ length: 4 + Math.floor(next() * 6) }, () => 'etaoinshrdlu'[Math.floor(next() * 12)]).join('')
const patterns = Array.from(
  { length: 1000 },
  (_, i) =>
    [
      `^Subject:.*${word()} ${word()}`,
      `${word()}[0-9]+(${word()}|${word()})`,
      `\\b${word()}@${word()}\\.example`,
      `^From:.*<(.*)@${word()}`,
    ][i % 4]!,
)
const header = `X-Long: ${Array.from({ length: 600 }, word).join(' ')}`.slice(0, 4096)
const address = 'Some.Body@mail.example.com'

const measure = async (title: string, once: () => unknown) => {
  await once()
  const end = performance.now() + 1500
  // processor time, so that what else runs on the machine does not count
  const before = process.cpuUsage()
  let n = 0
  while (performance.now() < end) {
    await once()
    n++
  }
  const { user, system } = process.cpuUsage(before)
  const each = (user + system) / n
  console.log(`${title.padEnd(52)} ${each.toFixed(1).padStart(10)} us a lookup`)
}

const folder = await tempFolder('bench')
const file = join(folder.path, 't')
writeFileSync(file, patterns.map((p, i) => `/${p}/ v${i}\n`).join(''))
for (const engine of ['re2', 're2js']) {
  const began = performance.now()
  const t = await open('pcre', file, '/', { engine })
  if (await t.table.check!()) continue
  console.log(`${engine}: 1,000 rules are ready after ${(performance.now() - began).toFixed(0)} ms`)
  await measure(`${engine}, header of 4 KiB`, () => t.table.get(header, {} as never))
  await measure(`${engine}, address`, () => t.table.get(address, {} as never))
}
const bare = patterns.map((p) => RE2JS.compile(`(?i)${p}`))
await measure('re2js without the sieve, header of 4 KiB', () => bare.some((p) => p.test(header)))
await measure('re2js without the sieve, address', () => bare.some((p) => p.test(address)))
const set = new RE2Set()
for (const p of patterns) set.add(`(?i)${p}`)
set.compile()
await measure('a set of re2js, header of 4 KiB', () => set.match(header))
await measure('a set of re2js, address', () => set.match(address))
const native = await import('re2' as string).catch(() => undefined)
if (native) {
  const all = patterns.map((p) => new native.default(`(?i)${p}`))
  await measure('re2 without the sieve, header of 4 KiB', () => all.some((p) => p.test(header)))
  await measure('re2 without the sieve, address', () => all.some((p) => p.test(address)))
}
if (!missingPostmap()) {
  await askMany(folder.path, `pcre:${file}`, [address])
  for (const type of ['regexp', 'pcre']) {
    for (const [title, key] of [
      ['header of 4 KiB', header],
      ['address', address],
    ] as const) {
      const began = performance.now()
      await askMany(folder.path, `${type}:${file}`, [key])
      const start = performance.now() - began
      await askMany(
        folder.path,
        `${type}:${file}`,
        Array.from({ length: 101 }, () => key),
      )
      const each = ((performance.now() - began - 2 * start) * 1000) / 100
      console.log(`${`postmap -q - ${type}, ${title}`.padEnd(52)} ${each.toFixed(1).padStart(10)} us a lookup`)
    }
  }
}
await folder.remove()
