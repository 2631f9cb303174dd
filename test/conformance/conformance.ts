/**
 * The scoreboard: cases that Postfix was recorded under, replayed. See README.md; `npm run conformance -- --help`.
 */
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { complaints, failures, progressLine, table } from './board/table.ts'
import { inPool } from './board/pool.ts'
import { record } from './board/record.ts'
import { OWN_SERVER, OWN_TOOLS } from './board/own.ts'
import { readKnown, runCase, shrunk, writeKnown } from './board/result.ts'
import { findCases } from './cases.ts'
import { generate } from './generate/case.ts'
import { isLevel } from './judge/levels.ts'
import type { Level } from './judge/levels.ts'
import { missingHere } from './needs.ts'
import { endAll } from './outside.ts'

const HELP = `npm run conformance [-- OPTIONS] [-- NAME ...]
  NAME            a case's folder, or a part of its name; default: all that are recorded
  --area A,B      only these areas: smtp, rw, route ...
  --level LEVEL   codes, enhanced or full (default): what is judged
  --server CMD    another server, run by sh in the case's namespaces: {etc}, {dir}, {port} stand for the room's;
                  postfix is Debian's own
  --tools DIR     sendmail, mailq, postqueue ... to be run by the cases; default: Postern's
  -j N            cases at a time
  --limit S       seconds for a case (150)
  --keep DIR      leave a copy of each case's room there: etc, mailboxes, maillog, server.out
  --json          results as JSON on standard output, progress on standard error
  --shrink        take from expected-failures.json what passes now
  --record        ask Debian's Postfix twice, and write expected.json
  --generate DIR  write cases by chance there, to be recorded and replayed: --count N (10), --seed S (1)
`
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    area: { type: 'string' },
    level: { type: 'string', default: 'full' },
    server: { type: 'string' },
    tools: { type: 'string' },
    jobs: { type: 'string', short: 'j' },
    limit: { type: 'string', default: '150' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    generate: { type: 'string' },
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.limit)
const jobs = Number(values.jobs ?? availableParallelism() + 2)

async function board(folders: readonly string[], level: Level): Promise<boolean> {
  const own = values.server === undefined
  const options = {
    server: values.server ?? OWN_SERVER,
    tools: values.tools ? resolve(values.tools) : own ? OWN_TOOLS : undefined,
    limit: seconds * 1000,
    keep: values.keep && resolve(values.keep),
  }
  // another server passes everything or fails
  const listed = own ? readKnown() : {}
  const tell = values.json ? console.error : console.log
  const results = await inPool(folders, jobs, async (folder) => {
    const result = await runCase(folder, options)
    tell(progressLine(result, level))
    return result
  })
  const known = values.shrink && own ? shrunk(listed, results) : listed
  if (known !== listed) writeKnown(known)
  const wrong = complaints(results, known, level)
  if (values.json) console.log(JSON.stringify({ level, results, complaints: wrong }, null, 1))
  else {
    const told = failures(results, known, level)
    if (told) console.log(`\n${told}`)
    console.log(`\n${table(results)}`)
    if (wrong.length) console.log(`\n${wrong.join('\n')}\n${wrong.length} not as listed`)
  }
  return wrong.length === 0
}

async function recordAll(folders: readonly string[]): Promise<boolean> {
  const problems = await inPool(folders, jobs, async (folder) => {
    const problem = await record(folder, seconds * 1000)
    console.log(`${folder}: ${problem ?? 'recorded'}`)
    return problem
  })
  return problems.every((p) => p === undefined)
}

async function main(): Promise<boolean> {
  if (values.help) {
    console.log(HELP)
    return true
  }
  if (values.generate !== undefined) {
    console.log(generate(resolve(values.generate), Number(values.seed), Number(values.count)).join('\n'))
    return true
  }
  if (values.shrink && values.server !== undefined) throw new Error('--shrink: the list is of Postern only')
  const missing = missingHere()
  if (missing) throw new Error(`cannot run here: ${missing}`)
  if (!isLevel(values.level)) throw new Error(`--level: codes, enhanced or full, not ${values.level}`)
  if (!(seconds > 0) || !(jobs >= 1)) throw new Error('--limit and -j take numbers above 0')
  const folders = findCases(positionals, values.area?.split(','))
  if (folders.length === 0) throw new Error('no case is in this area')
  if (values.record && positionals.length === 0) throw new Error('--record: say which cases')
  return values.record ? recordAll(folders) : board(folders, values.level)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll()
    process.exitCode = 130
  })
}
try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}
