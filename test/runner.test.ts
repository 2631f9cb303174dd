/** The runner counts what uvu says, and what uvu cannot say: hanging, dying, leaving processes behind. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildTests, builtFile } from './tools/built-tests.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HARNESS = `
import { runChild } from ${JSON.stringify(join(ROOT, 'test/tools/children.js'))}
import { countRun } from ${JSON.stringify(join(ROOT, 'test/tools/uvu-output.js'))}
const [file, limit] = process.argv.slice(2)
const run = await runChild(process.execPath, [file], { limit: Number(limit), cwd: ${JSON.stringify(ROOT)} })
console.log(JSON.stringify(countRun(run)))
`
const uvu = JSON.stringify(join(ROOT, 'node_modules/uvu/dist/index.mjs'))

interface Counted {
  passed: number
  failed: number
  skipped: number
  problems: string[]
  reasons: string[]
}
/** Counts a test file with this text. */
function count(text: string, limit = 20_000): Counted {
  const dir = mkdtempSync(join(tmpdir(), 'runner-'))
  writeFileSync(join(dir, 'harness.mjs'), HARNESS)
  writeFileSync(join(dir, 'file.mjs'), `import { test, suite } from ${uvu}\n${text}`)
  const run = spawnSync(process.execPath, [join(dir, 'harness.mjs'), join(dir, 'file.mjs'), String(limit)], {
    encoding: 'utf8',
  })
  rmSync(dir, { recursive: true })
  return JSON.parse(run.stdout) as Counted
}
const numbers = ({ passed, failed, skipped }: Counted) => [passed, failed, skipped]

test('passed, failed, skipped, over several suites', () => {
  const counted = count(`
    test('a', () => {}); test('b', () => { throw new Error('no') }); test.skip('c', () => {}); test.run()
    const other = suite('other'); other('d', () => {}); other.run()
    console.log('# skipped: needs swaks')
  `)
  assert.equal(numbers(counted), [2, 1, 1])
  assert.equal(counted.problems, [])
  assert.equal(counted.reasons, ['needs swaks'])
})

test('a file that dies, has no tests, or hangs is one failure', () => {
  assert.equal(numbers(count('throw new Error("at import")')), [0, 1, 0])
  assert.equal(numbers(count('process.exit(0)')), [0, 1, 0])
  assert.equal(numbers(count(`test('a', () => {}); test.run(); setTimeout(() => process.exit(3), 200)`)), [1, 1, 0])
  const hung = count(`test('a', () => new Promise(() => setInterval(() => {}, 1000))); test.run()`, 500)
  assert.equal([numbers(hung), hung.problems], [[0, 1, 0], ['killed: took too long']])
})

test('a process left behind is a failure, and is ended', () => {
  const marker = `sleep 98.7${process.pid % 1000}`
  const counted = count(`
    import { spawn } from 'node:child_process'
    test('a', () => { spawn('sh', ['-c', ${JSON.stringify(`exec ${marker}`)}], { stdio: 'ignore' }).unref() }); test.run()
  `)
  assert.equal(counted.problems, ['left processes behind'])
  assert.not.match(spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout, marker)
})

test('a test that is built knows its own place; helpers are built, too, and src is what the build made of it', async () => {
  await buildTests()
  const text = (file: string) => readFileSync(builtFile(file), 'utf8')
  assert.match(import.meta.url, /\/test\/runner\.test\.ts$/)
  assert.match(text('test/runner.test.ts'), JSON.stringify(import.meta.url))
  const lines = text('plugins/deliver/smtp/test/lines.test.ts')
  assert.match(lines, '/plugins/deliver/smtp/dist/stuff.js"')
  assert.match(lines, '"./next-hop.js"')
  assert.match(text('plugins/deliver/smtp/test/next-hop.ts'), 'export')
})

test('an unknown filter fails, and the last line is the count', () => {
  const env = { ...process.env, CI: '' }
  const run = spawnSync(process.execPath, [join(ROOT, 'test/run.js'), 'no-such-test-anywhere'], {
    encoding: 'utf8',
    env,
  })
  assert.is(run.status, 1)
  assert.match(run.stdout.trimEnd().split('\n').at(-1)!, /^\d+ passed, [1-9]\d* failed$/)
})

test.run()
