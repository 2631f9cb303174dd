/**
 * A table of many keys beside postmap: time to build, memory, lookups a second.
 *   node --expose-gc --import tsx plugins/lookup/hash/test/bench.ts [KEYS] [FOLDER]
 */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fakeCall } from '@postern/testkit'
import { logger, silentSink, systemClock } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-hash'

const keys = Number(process.argv[2] ?? 1_000_000)
const folder = process.argv[3] ?? fs.mkdtempSync(path.join(tmpdir(), 'hash-bench-'))
const types = new Map<string, TableType>()
plugin.definition.apply(
  { provideNamed: (_role: unknown, name: string, type: TableType) => types.set(name, type) } as never,
  { indexAbove: 8_388_608 },
  {},
)
const log = logger(() => silentSink)
const context = { clock: systemClock, parts: [], log }
const source = (spec: string) => ({ spec, where: 'bench', folder })
const key = (i: number) => `user.number${i}@domain${i % 5000}.example`

const text = path.join(folder, 'table')
const out = fs.openSync(text, 'w')
for (let i = 0; i < keys; i += 10_000) {
  const lines = Array.from({ length: Math.min(10_000, keys - i) }, (_, n) => `${key(i + n)} box/${i + n}/\n`)
  fs.writeSync(out, lines.join(''))
}
fs.closeSync(out)
const asked = Array.from({ length: 200_000 }, (_, n) => ((n * 7919) % (keys * 2)) % (keys + keys / 2)).map(key)
const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
const say = (what: string, value: string) => process.stdout.write(`${what.padEnd(46)} ${value}\n`)
const rss = () => {
  globalThis.gc?.()
  return process.memoryUsage().rss
}
const timed = async <T>(what: string, fn: () => Promise<T> | T): Promise<T> => {
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20)
  let late = 0
  let last = performance.now()
  const loop = setInterval(() => {
    late = Math.max(late, performance.now() - last - 5)
    last = performance.now()
  }, 5)
  const begin = performance.now()
  const result = await fn()
  clearInterval(watch)
  clearInterval(loop)
  const ms = Math.round(performance.now() - begin)
  say(what, `${ms} ms, peak ${mb(peak)}, longest wait of the event loop ${Math.round(late)} ms`)
  return result
}
const lookups = async (what: string, table: OpenTable) => {
  const call = fakeCall()
  let hits = 0
  const begin = performance.now()
  const cpu = process.cpuUsage()
  for (const one of asked) {
    const answer = table.get(one, call)
    if ((answer instanceof Promise ? await answer : answer).kind === 'found') hits++
  }
  const rate = Math.round((asked.length / (performance.now() - begin)) * 1000)
  const { user, system } = process.cpuUsage(cpu)
  const each = ((user + system) / asked.length).toFixed(1)
  say(what, `${rate.toLocaleString('en')} lookups/s, ${each} us CPU each (${hits} of ${asked.length} found)`)
}

say('text', `${keys.toLocaleString('en')} keys, ${mb(fs.statSync(text).size)}`)
const hash = types.get('hash')!
const before = rss()
say('memory before', mb(before))
await timed('build', () => hash.build!(source('table'), context))
say('index', mb(fs.statSync(`${text}.index`).size))
const indexed = await timed('open with an index', () => hash.open(source('table'), context))
await lookups('indexed', indexed)
await lookups('indexed, again', indexed)
say('memory more than before, indexed', mb(rss() - before))
await indexed.close!()
plugin.definition.apply(
  { provideNamed: (_role: unknown, name: string, type: TableType) => types.set(name, type) } as never,
  { indexAbove: 1e12 },
  {},
)
fs.rmSync(`${text}.index`)
const memory = await timed('open in memory', () => types.get('hash')!.open(source('table'), context))
await lookups('in memory', memory)
say('memory more than before, in memory', mb(rss() - before))
await memory.close!()
for (const type of ['hash', 'cdb']) {
  const begin = performance.now()
  const made = spawnSync('postmap', [`${type}:${text}`], { encoding: 'utf8' })
  if (made.status !== 0) {
    say(`postmap ${type}`, made.error?.message ?? made.stderr)
    continue
  }
  say(`postmap ${type}: build`, `${Math.round(performance.now() - begin)} ms`)
  const from = performance.now()
  spawnSync('postmap', ['-q', '-', `${type}:${text}`], { input: asked.join('\n') + '\n', maxBuffer: 1e9 })
  const rate = Math.round((asked.length / (performance.now() - from)) * 1000)
  say(`postmap -q - ${type}:`, `${rate.toLocaleString('en')} lookups/s`)
}
if (process.argv[3] === undefined) fs.rmSync(folder, { recursive: true })
