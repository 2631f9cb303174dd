/** Generated tables, and what Postfix's own postmap says of them. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { missingPrograms, programPath, random } from '@postern/testkit'

export interface Generated {
  readonly text: Buffer
  /** keys to ask for: those that were written, in other cases too, and others */
  readonly keys: readonly string[]
}
const PARTS = [
  'user',
  'Info',
  'a.b+c',
  'x',
  'JÜRGEN',
  'straße',
  '日本',
  'ΣΊΣΥΦΟΣ',
  '"a b"',
  '"q\\"q"',
  'e\\ f',
  '%s',
  "o'k",
  '\x01',
  '\u00a0nb',
  '\ufeffbom',
]
const DOMAINS = ['', '@example.org', '@Sub.Example.ORG', '@пример.example', '@[127.0.0.1]', '.example.org']
const VALUES = [
  'v',
  'a, b',
  'REJECT  no',
  '"quoted" text',
  '|/bin/prog "x y"',
  'ÄÖ ü',
  'w\u00a0',
  ':',
  'x\x0by',
  '# no comment',
]
const GAPS = [' ', '\t', '  \t ', ' \v', '\f']

/** The same for the same seed. */
export function generated(seed: number, lines: number): Generated {
  const next = random(seed)
  const below = (n: number) => Math.floor(next() * n)
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!
  const keys = new Set<string>()
  const out: (string | Buffer)[] = []
  const key = () => {
    const made = `${one(PARTS)}${below(4) === 0 ? '' : below(lines)}${one(DOMAINS)}`
    keys.add(made)
    return made
  }
  for (let i = 0; i < lines; i++) {
    const kind = below(40)
    if (kind === 0) out.push('# comment\n')
    else if (kind === 1) out.push(one(['\n', '   \n', '\t\n', '  # comment\n']))
    else if (kind === 2) out.push(`${key()}\n`)
    else if (kind === 3) out.push(`"open ${key()}\n`)
    else if (kind === 4)
      out.push(`${key()}${one(GAPS)}${one(VALUES)},\n${one(GAPS)}${one(VALUES)}\n# c\n\n ${one(VALUES)}\n`)
    else if (kind === 5) out.push(`${key()}\n ${one(VALUES)}\n`)
    else if (kind === 6) out.push(Buffer.from(`${key()} \xff\n`, 'latin1'))
    else if (kind === 7) out.push(`${key()}: ${one(VALUES)}\n`)
    else out.push(`${key()}${one(GAPS)}${one(VALUES)}${i}${one(['', ' ', '\t'])}\n`)
  }
  const asked = new Set(keys)
  for (const k of keys) for (const other of [k.toUpperCase(), k.toLowerCase(), `${k}x`, `${k}:`]) asked.add(other)
  return {
    text: Buffer.concat(out.map((part) => Buffer.from(part as string))),
    keys: [...asked].filter((k) => /\S$/.test(k)),
  }
}

/** What `postmap -q -` answers, in the order of the keys; `undefined`: absent. Throws when it fails. */
export function postmapAnswers(table: string, keys: readonly string[]): (string | undefined)[] {
  const run = spawnSync(programPath('postmap')!, ['-q', '-', table], {
    input: `${keys.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  if (run.status !== 0 && run.status !== 1) throw new Error(`postmap: ${run.error?.message ?? run.stderr}`)
  const lines = run.stdout.split('\n')
  let at = 0
  const answers = keys.map((key) =>
    lines[at]?.startsWith(`${key}\t`) ? lines[at++]!.slice(key.length + 1) : undefined,
  )
  if (lines[at] !== '') throw new Error(`postmap said what was not asked: ${lines[at]}`)
  return answers
}
export function build(command: 'postmap' | 'postalias', table: string): void {
  const run = spawnSync(programPath(command)!, [table], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`${command} ${table}: ${run.error?.message ?? run.stderr}`)
}

/** Why tests that need Postfix's cdb tables must be skipped; throws where nothing is skipped unseen. */
export function missingCdb(): string | undefined {
  const plugin = '/usr/lib/postfix/postfix-cdb.so'
  const why = missingPrograms('postmap')
  if (why !== undefined || existsSync(plugin)) return why
  const missing = 'needs postfix-cdb, not installed here'
  if (process.env.CI === 'true') throw new Error(missing)
  process.stdout.write(`# skipped: ${missing}\n`)
  return missing
}
