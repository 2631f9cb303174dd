/** 100,000 networks of 25 lengths and as many of IPv6: time to read them, and of a lookup. Not part of the tests. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { random, tempFolder } from '@postern/testkit'
import { open, postmap } from './open.ts'

const next = random(5)
const octets = () => Array.from({ length: 4 }, () => Math.floor(next() * 256)).join('.')
const groups = (n: number) => Array.from({ length: n }, () => Math.floor(next() * 65536).toString(16)).join(':')
const four = Array.from({ length: 100_000 }, () => {
  const length = 8 + Math.floor(next() * 25)
  const bits = (Math.floor(next() * 2 ** 32) & (0xffff_ffff << (32 - length))) >>> 0
  return `${[24, 16, 8, 0].map((s) => (bits >>> s) & 255).join('.')}/${length} REJECT`
})
const six = Array.from({ length: 100_000 }, (_, i) => `${groups(2 + (i % 3))}::/${[32, 48, 64][i % 3]} REJECT`)

const folder = await tempFolder('bench')
for (const [title, lines, key] of [
  ['IPv4', four, octets],
  ['IPv6', six, () => `${groups(4)}::1`],
] as const) {
  const file = join(folder.path, title)
  writeFileSync(file, `${lines.join('\n')}\n`)
  const before = process.cpuUsage()
  const t = await open(file)
  const { user, system } = process.cpuUsage(before)
  console.log(`${title}: 100,000 networks are ready after ${((user + system) / 1000).toFixed(0)} ms of processor time`)
  const keys = Array.from({ length: 200_000 }, key)
  const start = process.cpuUsage()
  for (const k of keys) void t.table.get(k, {} as never)
  const used = process.cpuUsage(start)
  console.log(`${title}: ${((used.user + used.system) / keys.length).toFixed(2)} us a lookup`)
  const began = performance.now()
  await postmap(folder.path, file, keys.slice(0, 1))
  const load = performance.now() - began
  await postmap(folder.path, file, keys.slice(0, 5001))
  console.log(`${title}: postmap -q - ${((performance.now() - began - 2 * load) / 5).toFixed(0)} us a lookup`)
}
await folder.remove()
