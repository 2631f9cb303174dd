/** The arrow check refuses each kind of arrow that runs back, and none that runs the right way. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const TOOL = fileURLToPath(new URL('./tools/arrows.js', import.meta.url))

/** A workspace of packages with one source file each; `name: [imports, dependencies]`. */
function tree(packages: Record<string, [source: string, dependencies?: string[]]>): string {
  const root = mkdtempSync(join(tmpdir(), 'arrows-'))
  for (const [folder, [source, dependencies = []]] of Object.entries(packages)) {
    const name = folder === 'core' ? '@t/core' : `@t/${folder.split('/').slice(1).join('-')}`
    const manifest = { name, dependencies: Object.fromEntries(dependencies.map((d) => [d, '*'])) }
    const file = join(root, folder, 'src/index.ts')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source)
    writeFileSync(join(root, folder, 'package.json'), JSON.stringify(manifest))
  }
  return root
}
function check(packages: Parameters<typeof tree>[0]): { code: number | null; lines: string[] } {
  const root = tree(packages)
  const run = spawnSync(process.execPath, [TOOL, root], { encoding: 'utf8' })
  rmSync(root, { recursive: true })
  return { code: run.status, lines: run.stdout.trim().split('\n').slice(0, -1) }
}

const core: [string] = [
  "import { z } from 'zod'\nimport path from 'node:path'\nimport { AsyncSeriesBailHook } from 'tapable'",
]

test('the right way: plugins to packages to core, presets to plugins, the command to presets', () => {
  const { code, lines } = check({
    core,
    'packages/net': ["export { x } from '@t/core'", ['@t/core']],
    'packages/preset-all': ["import a from '@t/deliver-a'", ['@t/deliver-a']],
    'packages/cli': ["import p from '@t/preset-all'\nimport type { T } from '@t/net'", ['@t/preset-all', '@t/net']],
    'plugins/deliver/a': [
      "import { connect } from 'node:net'\nimport x from '@t/net'\nimport y from './b.ts'",
      ['@t/core', 'pino'],
    ],
  })
  assert.equal(lines, [])
  assert.is(code, 0)
})

const CASES: [title: string, packages: Parameters<typeof tree>[0], expected: RegExp][] = [
  [
    'a plugin imports a plugin',
    { 'plugins/a/x': ["import '@t/b-y'"], 'plugins/b/y': [''] },
    /src\/index.ts -> @t\/b-y: a plugin never/,
  ],
  ['a plugin depends on a plugin', { 'plugins/a/x': ['', ['@t/b-y']], 'plugins/b/y': [''] }, /package.json -> @t\/b-y/],
  [
    'a plugin imports a preset',
    { 'plugins/a/x': ["import p from '@t/preset-p'"], 'packages/preset-p': [''] },
    /presets are made of/,
  ],
  [
    'a package imports a plugin',
    { 'packages/n': ["import('@t/a-x')"], 'plugins/a/x': [''] },
    /a package never imports a plugin/,
  ],
  [
    'a package imports a preset',
    { 'packages/n': ["import p from '@t/preset-p'"], 'packages/preset-p': [''] },
    /only the command/,
  ],
  ['core imports a package', { core: ["import n from '@t/n'"], 'packages/n': [''] }, /core imports only/],
  ['core imports a library', { core: ["import p from 'pino'"] }, /core\/src\/index.ts -> pino/],
  ['core depends on a library', { core: ['', ['pino']] }, /core\/package.json -> pino/],
  ['core opens sockets', { core: ["import {\n  connect,\n} from 'node:net'"] }, /node:net: the core knows no wire/],
  ['core asks DNS', { core: ["export * from 'node:dns/promises'"] }, /node:dns\/promises/],
  ['a type, too', { core: ["const x: import('node:tls').TLSSocket = y"] }, /node:tls/],
  [
    'by path',
    { 'packages/n': ["import x from '../../../core/src/index.ts'"], core: [''] },
    /reaches into another folder/,
  ],
  [
    'a file inside another package',
    { 'packages/n': ["import x from '@t/core/dist/x.js'"], core: [''] },
    /by package name only: @t\/core/,
  ],
]
for (const [title, packages, expected] of CASES) {
  test(`refused: ${title}`, () => {
    const { code, lines } = check(packages)
    assert.is(code, 1)
    assert.is(lines.length, 1, lines.join('\n'))
    assert.match(lines[0]!, expected)
  })
}

test('comments are not imports', () => {
  const { lines } = check({ core: ["// import x from 'pino'\n/* import y from 'node:net' */\nconst s = 'x'"] })
  assert.equal(lines, [])
})

test('this workspace passes', () => {
  assert.match(execFileSync(process.execPath, [TOOL], { encoding: 'utf8' }), 'all arrows run the right way')
})

test.run()
