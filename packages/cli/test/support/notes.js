/** A table type of somebody else's: `notes:FILE` has lines of `key=value`; FILE.made is what lookups read. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { absent, definePlugin, failed, found, tableTypes } from '@postern/core'
import { z } from 'zod'

const linesOf = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean)
const pairOf = (line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]
const replace = (file, lines) => {
  writeFileSync(`${file}.new`, lines.map((l) => `${l}\n`).join(''))
  renameSync(`${file}.new`, file)
}

const notes = {
  open(source, { log }) {
    const file = path.resolve(source.folder, source.spec)
    const made = `${file}.made`
    if (!existsSync(made)) return { get: () => failed('not made'), check: () => `${made} is not there: build it` }
    const entries = new Map(linesOf(made).map(pairOf))
    let asked = 0
    log.warn('table.odd', { table: `notes:${source.spec}`, entries: entries.size })
    return {
      get(key) {
        asked++
        if (key === 'fail') return failed('asked to fail')
        return entries.has(key.toLowerCase()) ? found(entries.get(key.toLowerCase())) : absent()
      },
      *entries() {
        yield* entries
        if (entries.has('broken')) throw new Error('the rest cannot be read')
      },
      stats: () => ({ asked }),
    }
  },
  async build(source) {
    const file = path.resolve(source.folder, source.spec)
    const lines = linesOf(file)
    const good = lines.filter((l) => l.includes('='))
    replace(`${file}.made`, good)
    const problems = lines.flatMap((l, i) => (l.includes('=') ? [] : [`${source.spec}, line ${i + 1}: no "="`]))
    return { entries: good.length, files: [`${file}.made`], problems }
  },
  async edit(source, { put = [], remove = [], duplicates }) {
    const file = path.resolve(source.folder, source.spec)
    const entries = new Map(existsSync(file) ? linesOf(file).map(pairOf) : [])
    const told = []
    let [added, removed] = [0, 0]
    for (const key of remove) if (entries.delete(key)) removed++
    for (const [key, value] of put) {
      if (entries.has(key)) told.push(key)
      if (entries.has(key) && duplicates === 'keep') continue
      entries.set(key, value)
      added++
    }
    replace(
      file,
      [...entries].map(([k, v]) => `${k}=${v}`),
    )
    return { put: added, removed, duplicates: told }
  },
}

/** `either:a|b`: what the first table has, else the second. */
const either = {
  parts: ({ spec }) => spec.split('|'),
  open: (_source, { parts: [first, second] }) => ({
    async get(key, call) {
      const answer = await first.get(key, call)
      return answer.kind === 'absent' ? second.get(key, call) : answer
    },
  }),
}

export default definePlugin({
  name: 'notes',
  options: z.strictObject({ table: z.any().optional() }),
  provides: [tableTypes],
  apply(mta, options) {
    mta.provideNamed(tableTypes, 'notes', notes)
    mta.provideNamed(tableTypes, 'either', either)
    if (options.table) mta.table({ kind: 'tableRef', type: 'notes', spec: options.table })
  },
})
