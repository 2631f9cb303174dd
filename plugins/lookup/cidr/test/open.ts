/** Opens tables for tests, by the type that the plugin provides, and asks Debian's Postfix the same. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { logger } from '@postern/core'
import type { Clock, Lookup, OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-cidr'
import { fakeCall, programPath } from '@postern/testkit'
import { writeOld } from '../../../../packages/lookup-kit/test/support/old-file.ts'

export interface Opened {
  readonly table: OpenTable
  readonly events: (readonly [name: string, fields: Record<string, unknown>])[]
  get(key: string): Promise<Lookup>
  /** moves the table's clock, ms */
  pass(ms: number): void
  /** `line: what` of each warning about a line */
  problems(): string[]
}

export async function open(spec: unknown, folder = '/'): Promise<Opened> {
  let type: TableType | undefined
  plugin.definition.apply(
    { provideNamed: (_role: unknown, name: string, t: TableType) => name === 'cidr' && (type = t) } as never,
    {},
    {},
  )
  let now = 0
  const clock: Clock = { now: () => now, after: () => ({ cancel: () => undefined }) }
  const events: [string, Record<string, unknown>][] = []
  const log = logger(() => ({ enabled: () => true, write: (_l, event, f) => void events.push([event, { ...f }]) }))
  const table = await type!.open({ spec: spec as string, where: 'test', folder }, { clock, log, parts: [] })
  return {
    table,
    events,
    get: async (key) => table.get(key, fakeCall()),
    pass: (ms) => void (now += ms),
    problems: () =>
      events.filter(([name]) => name === 'table.line').map(([, f]) => `${String(f.line)}: ${String(f.problem)}`),
  }
}

/** Asks postmap for many keys at once: those found with their values, and what it warned of as `line: what`. */
export function postmap(
  folder: string,
  file: string,
  keys: readonly string[],
): Promise<{ found: Map<string, string>; problems: string[] }> {
  const conf = join(folder, 'conf')
  if (!existsSync(conf)) {
    mkdirSync(conf, { recursive: true })
    writeOld(join(conf, 'main.cf'), 'compatibility_level = 3.6\n')
  }
  return new Promise((resolve, reject) => {
    const child = spawn(programPath('postmap')!, ['-c', conf, '-q', '-', `cidr:${file}`], { timeout: 60_000 })
    let out = ''
    let err = ''
    child.stdout.on('data', (b: Buffer) => (out += b.toString()))
    child.stderr.on('data', (b: Buffer) => (err += b.toString()))
    child.on('error', reject)
    child.on('close', () => {
      const pairs = out.split('\n').filter((line) => line.includes('\t'))
      resolve({
        found: new Map(pairs.map((line) => line.split('\t') as [string, string])),
        problems: [...err.matchAll(/warning: cidr map .*, line (\d+): (.*)/g)].map(
          ([, line, what]) => `${line}: ${what}`,
        ),
      })
    })
    child.stdin.end(keys.map((k) => `${k}\n`).join(''))
  })
}
