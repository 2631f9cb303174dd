import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createPlugin, main, nameProblem, pluginName } from '@postern/create-plugin'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const BIN = fileURLToPath(new URL('../bin/create-plugin.js', import.meta.url))
const run = promisify(execFile)
let folder = ''

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-plugin-'))
  // as after an install: the workspace's packages by their names
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
})
test.after(() => rmSync(folder, { recursive: true }))

const ROLES = ['policy', 'deliver', 'lookup'] as const
for (const role of ROLES) {
  for (const language of ['ts', 'js'] as const) {
    test(`${role} in ${language}: what is made builds, and its test passes`, async () => {
      const name = `postern-${role}-${language}`
      const args = [name, '--role', role, ...(language === 'js' ? ['--js'] : [])]
      execFileSync(process.execPath, [BIN, ...args], { cwd: folder })
      const made = join(folder, name)
      const env = { ...process.env, NO_COLOR: '1' }
      const stdout = await run('npm', ['test'], { cwd: made, env }).then(
        (done) => done.stdout,
        (error: { stdout: string; stderr: string }) => {
          throw new Error(error.stdout + error.stderr)
        },
      )
      const [, total, passed] = /Total:\s+(\d+)\s+Passed:\s+(\d+)/.exec(stdout) ?? []
      assert.ok(Number(total) >= 2, stdout)
      assert.is(passed, total)
      if (language === 'js') return
      assert.ok(existsSync(join(made, 'dist/index.d.ts')))
      const { default: plugin } = (await import(join(made, 'dist/index.js'))) as {
        default: { definition: { name: string } }
      }
      assert.is(plugin.definition.name, `${role}-ts`)
    })
  }
}

test('no placeholder is left, and npm would pack what it needs', () => {
  for (const role of ROLES) {
    const made = createPlugin({ name: `@acme/left-${role}`, role, language: 'ts' }, folder)
    const files = ['package.json', 'README.md', '.gitignore', 'tsconfig.json', 'src/index.ts', 'test/index.test.ts']
    for (const file of files) assert.not.match(readFileSync(join(made, file), 'utf8'), /__[A-Z]+__/, file)
    const manifest = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8')) as Record<string, unknown>
    assert.is(manifest.name, `@acme/left-${role}`)
    assert.ok(Object.keys(manifest.peerDependencies as object).includes('@postern/core'))
  }
})

test('nothing is written over', () => {
  mkdirSync(join(folder, 'there'))
  assert.throws(() => createPlugin({ name: 'there', role: 'policy', language: 'js' }, folder), /is there already/)
  assert.equal(existsSync(join(folder, 'there/package.json')), false)
})

test('package names as npm takes them', () => {
  const good = ['my-plugin', '@acme/postern-quota', 'a.b', 'x_y', '0x']
  const bad = [
    'My-Plugin',
    '.hidden',
    '_x',
    'a b',
    '@acme',
    '@acme/',
    'node_modules',
    'http',
    'x'.repeat(215),
    '../up',
    'ü',
    '',
  ]
  for (const name of good) assert.is(nameProblem(name), undefined, name)
  for (const name of bad) assert.type(nameProblem(name), 'string', name)
})

test("the plugin's own name", () => {
  const cases = [
    ['my-plugin', 'my-plugin'],
    ['@acme/postern-quota', 'quota'],
    ['postern-', 'postern'],
    ['a.b_c', 'a-b-c'],
    ['0x', 'plugin-0x'],
  ]
  for (const [name, plugin] of cases) assert.is(pluginName(name!), plugin)
})

test('the command says what is wrong', () => {
  const cases: [string[], number, RegExp][] = [
    [['--help'], 0, /npm create @postern\/plugin NAME/],
    [[], 2, /a name is missing/],
    [['a', 'b'], 2, /one name/],
    [['a', '--role', 'queue'], 2, /policy, deliver, lookup/],
    [['a', '--typescript'], 2, /unknown option --typescript/],
    [['Bad'], 1, /no capitals/],
  ]
  for (const [argv, code, text] of cases) {
    let said = ''
    const write = (t: string) => (said += t)
    assert.is(main(argv, { out: write, err: write }, folder), code, argv.join(' '))
    assert.match(said, text)
  }
})

test.run()
