/** The generated reference: rows from schemas, and drift. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL, fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { duration, needsRestart, secret, size, tableRef, transportRef } from '@postern/core'

interface Row {
  path: string
  type: string
  fallback?: unknown
  description: string
  required: boolean
  needsRestart: boolean
}
const tool = (name: string) => import(pathToFileURL(fileURLToPath(new URL(`./tools/${name}`, import.meta.url))).href)
// imported in a test's time: uvu starts before a top-level await has ended
const rowsOf = async (schema: z.ZodType) =>
  ((await tool('options.js')) as { optionRows(s: z.ZodType): Row[] }).optionRows(schema)

test('paths, types, defaults, descriptions', async () => {
  const rows = await rowsOf(
    z.strictObject({
      port: needsRestart(z.number().int().min(1).max(65535).default(25).describe('the port')),
      name: z.string().describe('who'),
      wait: duration().prefault('5m').describe('how long'),
      pause: duration().default(1500).describe('in the output unit'),
      limit: size().default(1024),
      password: secret().optional(),
      maps: z.array(tableRef()).default([]),
      via: transportRef().default('smtp'),
      mode: z.enum(['a', 'b']).default('a'),
      tls: z.strictObject({ cert: z.string(), level: z.literal('may').or(z.literal('encrypt')).optional() }).optional(),
      rules: z.array(z.strictObject({ match: z.string() })).default([]),
      limits: z.record(z.string(), z.strictObject({ rate: z.number().positive() })).optional(),
    }),
  )
  const shown = rows.map(
    (r) => `${r.path}|${r.type}|${r.required ? 'required' : (JSON.stringify(r.fallback) ?? '')}|${r.description}`,
  )
  assert.equal(shown, [
    'port|integer from 1 to 65535|25|the port',
    'name|string|required|who',
    'wait|duration|"5m"|how long',
    'pause|duration|"1500ms"|in the output unit',
    'limit|size|1024|',
    'password|secret||',
    'maps|list of table|[]|',
    'via|transport|"smtp"|',
    'mode|"a" or "b"|"a"|',
    'tls|object||',
    'tls.cert|string|required|',
    'tls.level|"may" or "encrypt"||',
    'rules|list of object|[]|',
    'rules[].match|string|required|',
    'limits|map of object||',
    'limits.*.rate|number above 0|required|',
  ])
  assert.equal(
    rows.filter((r) => r.needsRestart).map((r) => r.path),
    ['port'],
  )
})

test('drift: missing, changed and left-over pages are told', async () => {
  const { drift, write } = (await tool('reference.js')) as {
    drift(pages: Map<string, string>, folder: string): string[]
    write(pages: Map<string, string>, folder: string): void
  }
  const folder = mkdtempSync(join(tmpdir(), 'reference-'))
  const pages = new Map([
    ['a.md', 'A\n'],
    ['b.md', 'B\n'],
  ])
  writeFileSync(join(folder, 'old.md'), '')
  writeFileSync(join(folder, 'b.md'), 'other')
  assert.equal(drift(pages, folder), [
    'docs/reference/a.md is missing',
    'docs/reference/b.md is out of date',
    'docs/reference/old.md belongs to no plugin',
  ])
  write(pages, folder)
  assert.equal(drift(pages, folder), [])
  assert.is(readFileSync(join(folder, 'b.md'), 'utf8'), 'B\n')
  rmSync(folder, { recursive: true })
})

test('every option of every plugin has a description', async () => {
  const { referencePages } = (await tool('reference.js')) as { referencePages(): Promise<Map<string, string>> }
  const bare: string[] = []
  for (const [file, text] of await referencePages()) {
    for (const line of text.split('\n')) if (/^\| `.*\|\s+\|$/.test(line)) bare.push(`${file}: ${line}`)
  }
  assert.equal(bare, [])
})

test.run()
