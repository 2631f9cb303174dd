/** Finding and reading configuration files: extends, include, presets. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '@postern/core'
import type { LoadedConfig } from '@postern/core'
import { inFolder } from '../support/folder.ts'
import { rejection } from '../support/world.ts'

const values = (l: LoadedConfig) => Object.fromEntries(Object.entries(l.values).map(([k, v]) => [k, v.value]))
const names = (l: LoadedConfig) => l.uses.map((u) => u.name)

const FORMATS: [file: string, text: string][] = [
  ['postern.config.yaml', 'myhostname: mx.example.org\nplugins:\n  - listen-smtp: { port: 2525 }\n'],
  ['postern.config.yml', 'myhostname: mx.example.org\nplugins:\n  - listen-smtp:\n      port: 2525\n'],
  ['postern.config.json', '{"myhostname":"mx.example.org","plugins":[{"listen-smtp":{"port":2525}}]}'],
  [
    'postern.config.mjs',
    'export default { myhostname: "mx.example.org", plugins: [{ "listen-smtp": { port: 2525 } }] }',
  ],
  [
    'postern.config.js',
    'export default { myhostname: "mx.example.org", plugins: [{ "listen-smtp": { port: 2525 } }] }',
  ],
]
for (const [file, text] of FORMATS)
  for (const how of ['found', 'named'] as const)
    test(`${file}, ${how}`, () =>
      inFolder({ [file]: text, 'package.json': '{"type":"module"}' }, async (f) => {
        const l = await loadConfig(how === 'found' ? { cwd: f.path } : { cwd: f.path, path: file })
        assert.equal(values(l), { myhostname: 'mx.example.org' })
        assert.equal(
          l.uses.map((u) => [u.name, u.options, u.path]),
          [['listen-smtp', { port: 2525 }, 'plugins[0]']],
        )
        assert.equal([l.file, l.folder, l.problems], [f.file(file), f.path, []])
      }))

const BROKEN: [name: string, files: Record<string, string>, path: string | undefined, code: string, text: RegExp][] = [
  ['no file', {}, undefined, 'PN_CONFIG_NOT_FOUND', /looked for postern\.config\.ts, .* in /],
  ['a named file that is not there', {}, 'x.yaml', 'PN_CONFIG_NOT_FOUND', /x\.yaml/],
  ['broken YAML', { 'x.yaml': 'a: [' }, 'x.yaml', 'PN_CONFIG_UNREADABLE', /x\.yaml/],
  ['broken JSON', { 'x.json': '{' }, 'x.json', 'PN_CONFIG_UNREADABLE', /x\.json/],
  ['broken JavaScript', { 'x.mjs': 'export default {' }, 'x.mjs', 'PN_CONFIG_UNREADABLE', /x\.mjs/],
  ['JavaScript that throws', { 'x.mjs': 'throw new Error("boo")' }, 'x.mjs', 'PN_CONFIG_UNREADABLE', /boo/],
  ['nothing in it', { 'x.yaml': '' }, 'x.yaml', 'PN_CONFIG_UNREADABLE', /expected an object/],
  ['a list', { 'x.yaml': '- a\n- b\n' }, 'x.yaml', 'PN_CONFIG_UNREADABLE', /expected an object/],
  ['a text', { 'x.yaml': 'hello' }, 'x.yaml', 'PN_CONFIG_UNREADABLE', /expected an object/],
  ['a folder', { 'x.yaml/y': '' }, 'x.yaml', 'PN_CONFIG_UNREADABLE', /x\.yaml/],
  ['extends a file that is not there', { 'x.yaml': 'extends: ./y.yaml' }, 'x.yaml', 'PN_CONFIG_NOT_FOUND', /y\.yaml/],
  [
    'extends a package that is not installed',
    { 'x.yaml': 'extends: nothing' },
    'x.yaml',
    'PN_CONFIG_NOT_FOUND',
    /@postern\/preset-nothing or nothing/,
  ],
  [
    'extends a number',
    { 'x.yaml': 'extends: 5' },
    'x.yaml',
    'PN_CONFIG_UNREADABLE',
    /extends: expected file or package names/,
  ],
  [
    'extends itself',
    { 'x.yaml': 'extends: ./x.yaml' },
    'x.yaml',
    'PN_CONFIG_UNREADABLE',
    /extend each other: .*x\.yaml -> .*x\.yaml/,
  ],
  [
    'a circle',
    { 'x.yaml': 'extends: ./y.yaml', 'y.yaml': 'include: ./z.yaml', 'z.yaml': 'extends: [./x.yaml]' },
    'x.yaml',
    'PN_CONFIG_UNREADABLE',
    /x\.yaml -> .*y\.yaml -> .*z\.yaml -> .*x\.yaml/,
  ],
]
for (const [name, files, path, code, text] of BROKEN)
  test(`not loaded: ${name}`, () =>
    inFolder(files, async (f) => {
      const e = await rejection(() => loadConfig({ cwd: f.path, path }))
      assert.is(e.code, code, String(e))
      assert.match(e.message, text)
    }))
test('no search further up', () =>
  inFolder({ 'postern.config.yaml': 'plugins: []', 'below/x': '' }, async (f) => {
    assert.is((await rejection(() => loadConfig({ cwd: f.file('below') }))).code, 'PN_CONFIG_NOT_FOUND')
  }))

test('extends lie below, includes above, each value knows its file', () =>
  inFolder(
    {
      'x.yaml':
        'extends: [./a/one.yaml, ./two.yaml]\ninclude: ./three.yaml\nmyhostname: x\nspool: x\nplugins: [{ p: { b: 2 } }, q]\n',
      'a/one.yaml':
        'extends: ./zero.yaml\nmyhostname: one\nmydomain: one\nmyorigin: one\nplugins: [{ p: { a: 1, b: 1 } }]\n',
      'a/zero.yaml': 'mailName: zero\nmyorigin: zero\nplugins: [z]\n',
      'two.yaml': 'mydomain: two\n',
      'three.yaml': 'spool: three\nplugins: [{ p: { c: 3 } }]\n',
    },
    async (f) => {
      const l = await loadConfig({ path: f.file('x.yaml') })
      assert.equal(values(l), { mailName: 'zero', myorigin: 'one', myhostname: 'x', mydomain: 'two', spool: 'three' })
      assert.is(l.values.mydomain!.file, f.file('two.yaml'))
      assert.is(l.values.mailName!.file, f.file('a/zero.yaml'))
      assert.equal(names(l), ['z', 'p', 'q'])
      assert.equal(l.uses[1]!.options, { a: 1, b: 2, c: 3 })
      assert.equal(l.uses[0]!.folder, f.file('a'))
      assert.equal(l.problems, [])
    },
  ))
test('one file extended twice is no circle', () =>
  inFolder(
    {
      'x.yaml': 'extends: [./a.yaml, ./b.yaml]',
      'a.yaml': 'extends: ./c.yaml',
      'b.yaml': 'extends: ./c.yaml',
      'c.yaml': 'mailName: c\nplugins: [p]',
    },
    async (f) => {
      const l = await loadConfig({ path: f.file('x.yaml') })
      assert.equal([names(l), l.problems], [['p'], []])
    },
  ))
for (const [written, folder] of [
  ['mine', '@postern/preset-mine'],
  ['mine', 'mine'],
  ['@us/preset', '@us/preset'],
] as const)
  test(`the preset ${written} is the package ${folder}`, () =>
    inFolder(
      {
        'x.yaml': `extends: '${written}'\nmyhostname: x\n`,
        [`node_modules/${folder}/package.json`]: '{"name":"x","type":"module","exports":"./main.js"}',
        [`node_modules/${folder}/main.js`]:
          'export default { myhostname: "preset", mailName: "Preset", plugins: ["p"] }',
      },
      async (f) => {
        const l = await loadConfig({ path: f.file('x.yaml') })
        assert.equal(values(l), { myhostname: 'x', mailName: 'Preset' })
        assert.equal(names(l), ['p'])
      },
    ))
test('a file is read again', () =>
  inFolder({ 'x.mjs': 'export default { mailName: "one" }', 'y.yaml': 'mailName: one' }, async (f) => {
    for (const [file, text] of [
      ['x.mjs', 'export default { mailName: "two" }'],
      ['y.yaml', 'mailName: two'],
    ] as const) {
      const l = await loadConfig({ path: f.file(file) })
      await new Promise((r) => setTimeout(r, 5))
      f.write(file, text)
      assert.equal(values(await l.again()), { mailName: 'two' })
    }
  }))
test('a loader by extension', () =>
  inFolder({ 'x.ini': 'mailName=Ini' }, async (f) => {
    const l = await loadConfig({
      path: f.file('x.ini'),
      loaders: { '.ini': (_p, text) => Object.fromEntries([text.split('=')]) },
    })
    assert.equal(values(l), { mailName: 'Ini' })
  }))

test.run()
