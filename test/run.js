/**
 * The test runner.
 *   npm test                     build, checks, all tests
 *   npm test -- journal smtp     build, and what has one of the words in its path (or is a check of that name)
 *   npm run scenarios            the folders in test/scenarios, which take minutes beside a live Postfix
 * A file that fails is run once more, alone and from its source (so the lines of a stack are right), when the others are done: what passes
 * then counts, and is told as unsteady at the end.
 * TEST_TIMEOUT: ms one file may take (300000). TEST_JOBS: files at a time (two more than cores: many wait for servers and clocks). CI=true: a missing server fails.
 * The last line is `N passed, N failed`, with `, N skipped` when there are some.
 */
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { buildTests, builtFile } from './tools/built-tests.js'
import { runChild } from './tools/children.js'
import { ensureServers } from './tools/servers.js'
import { countRun } from './tools/uvu-output.js'
import { ROOT, filesBelow, packages } from './tools/workspace.js'

// npm puts the workspace's own commands in front: a test that starts postmap or sendmail means the system's
const isOwn = (folder) => folder.endsWith(path.join('node_modules', '.bin'))
const folders = (process.env.PATH ?? '').split(path.delimiter)
process.env.PATH = [...folders.filter((f) => !isOwn(f)), ...folders.filter(isOwn)].join(path.delimiter)

const LIMIT = Number(process.env.TEST_TIMEOUT ?? 300_000)
const JOBS = Number(process.env.TEST_JOBS ?? availableParallelism() + 2)
const CHECK_LIMIT = 300_000
/** when more files than these fail it is not the machine's doing */
const AGAIN = 5
const words = process.argv.slice(2)

const bin = (name) => path.join(ROOT, 'node_modules/.bin', name)
const node = (script, ...args) => [process.execPath, [path.join(ROOT, script), ...args]]
/** They need nothing that is built: run beside the build, which keeps one core busy, not two. */
const EARLY = [
  ['check: prettier', bin('prettier'), ['--check', '--log-level', 'warn', '.']],
  ['check: arrows', ...node('test/tools/arrows.js')],
]
const CHECKS = [
  ['check: eslint', bin('eslint'), ['.']],
  ['check: types of the tests', bin('tsc'), ['-p', 'tsconfig.test.json']],
  ['check: docs drift', ...node('test/tools/reference.js', '--check')],
]
const total = { passed: 0, failed: 0, skipped: 0 }

function testFiles() {
  const isTest = (name) => name.endsWith('.test.ts')
  const folders = [...packages().map((pkg) => path.join(pkg.folder, 'test')), path.join(ROOT, 'test')]
  const files = folders.flatMap((dir) => filesBelow(dir, isTest)).map((file) => path.relative(ROOT, file))
  // what is beside a live Postfix for minutes is run when it is asked for, and by CI before the tests
  const apart = ['samples', ...(words.some((word) => word.includes('scenarios')) ? [] : ['scenarios'])]
  return files.filter((file) => !apart.some((folder) => file.startsWith(path.join('test', folder) + path.sep)))
}
const wanted = (name) => words.length === 0 || words.some((word) => name.includes(word))

function count({ passed, failed, skipped = 0 }, sign = 1) {
  total.passed += sign * passed
  total.failed += sign * failed
  total.skipped += sign * skipped
}
function tell(name, ms, counted, output) {
  const { passed, failed, skipped = 0, problems = [], reasons = [] } = counted
  count(counted)
  const counts = [`${passed} passed`, failed ? `${failed} FAILED` : '', skipped ? `${skipped} skipped` : '']
    .filter(Boolean)
    .join(', ')
  console.log(`${failed ? 'FAIL' : 'ok  '} ${name}: ${counts} (${(ms / 1000).toFixed(1)} s)`)
  for (const reason of new Set(reasons)) console.log(`     skipped: ${reason}`)
  if (failed)
    console.log(
      `${'-'.repeat(80)}\n${output.trimEnd()}\n${problems.map((p) => `${name}: ${p}\n`).join('')}${'-'.repeat(80)}`,
    )
}

async function check([name, command, args]) {
  const run = await runChild(command, args, { limit: CHECK_LIMIT, cwd: ROOT })
  const bad = run.code !== 0 ? 1 : 0
  tell(
    name,
    run.ms,
    { passed: 1 - bad, failed: bad, skipped: 0, problems: run.late ? ['killed: took too long'] : [] },
    run.output,
  )
  return !bad
}
async function built() {
  const began = Date.now()
  const problem = await buildTests().catch((error) => error)
  tell('build of the tests', Date.now() - began, { passed: problem ? 0 : 1, failed: problem ? 1 : 0 }, problem?.message)
  return !problem
}
async function testFile(file, args = [builtFile(file)]) {
  const run = await runChild(process.execPath, args, { limit: LIMIT, cwd: ROOT })
  const counted = countRun(run)
  tell(file, run.ms, counted, run.output)
  return counted
}
/** Many tests at once on a busy machine: what only fails then is known, and not taken for a fault. */
async function again(failures) {
  const unsteady = []
  for (const { file, counted } of failures) {
    count(counted, -1)
    console.log(`once more, alone: ${file}`)
    const second = await testFile(file, ['--import', 'tsx', file])
    if (!second.failed) unsteady.push(file)
  }
  for (const file of unsteady) console.log(`unsteady: ${file} failed beside others, and passed alone`)
}

async function inPool(jobs) {
  let next = 0
  const worker = async () => {
    while (next < jobs.length) await jobs[next++]()
  }
  await Promise.all(Array.from({ length: JOBS }, worker))
}

async function main() {
  const early = EARLY.filter(([name]) => wanted(name))
  const begun = Promise.all(early.map(check))
  if (await check(['build', bin('tsc'), ['-b']])) await checkAndTest(early.length)
  await begun
}
/** `begun`: so many checks run already. */
async function checkAndTest(begun) {
  const checks = CHECKS.filter(([name]) => wanted(name))
  const files = testFiles().filter(wanted)
  if (words.length && begun + checks.length + files.length === 0) {
    tell(
      words.join(' '),
      0,
      { passed: 0, failed: 1, skipped: 0, problems: ['no test file and no check has this in its name'] },
      '',
    )
    return
  }
  if (files.length) {
    if (!(await built())) return
    const missing = ensureServers()
    if (missing.length && process.env.CI === 'true') {
      tell('servers', 0, { passed: 0, failed: 1, skipped: 0, problems: [`not installed: ${missing.join(', ')}`] }, '')
    }
  }
  const failures = []
  const tried = async (file) => {
    const counted = await testFile(file)
    if (counted.failed) failures.push({ file, counted })
  }
  await inPool([...checks.map((c) => () => check(c)), ...files.map((f) => () => tried(f))])
  if (failures.length <= AGAIN) await again(failures)
}

await main()
process.exitCode = total.failed ? 1 : 0
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`)
