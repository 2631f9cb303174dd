/** The list of plugins over several layers, and references in values. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '@postern/core'
import type { Config } from '@postern/core'
import { inFolder } from '../support/folder.ts'
import { plugin } from '../support/world.ts'

type Entry = [name: string, options: object, bind?: object]
const UPPER: [name: string, lower: unknown[], upper: unknown[], uses: Entry[], problems: string[]][] = [
  ['a name', [], ['p'], [['p', {}]], []],
  ['short and full names are one', ['@postern/p'], [{ p: { a: 1 } }], [['p', { a: 1 }]], []],
  ['a file is its name', [], ['./x/greylist.mjs'], [['greylist', {}]], []],
  [
    'null and true are no options',
    [],
    [{ p: null }, { q: true }],
    [
      ['p', {}],
      ['q', {}],
    ],
    [],
  ],
  [
    'options are changed, key by key',
    [{ p: { a: 1, b: { c: 1 } } }],
    [{ p: { b: { d: 2 } } }],
    [['p', { a: 1, b: { d: 2 } }]],
    [],
  ],
  [
    'the place in the list stays',
    ['a', 'b'],
    ['c', { a: { x: 1 } }],
    [
      ['a', { x: 1 }],
      ['b', {}],
      ['c', {}],
    ],
    [],
  ],
  ['false takes away', ['a', 'b'], [{ a: false }], [['b', {}]], []],
  [
    'taken away and put back at the end',
    ['a', 'b'],
    [{ a: false }, { a: { x: 1 } }],
    [
      ['b', {}],
      ['a', { x: 1 }],
    ],
    [],
  ],
  [
    'false for what is not there',
    ['listen-smtp'],
    [{ 'listen-smpt': false }],
    [['listen-smtp', {}]],
    ['plugins[0]: there is no "listen-smpt" to take away (listen-smtp)'],
  ],
  [
    'twice in one file',
    [],
    ['a', { a: { x: 1 } }],
    [['a', {}]],
    ['plugins[1]: "a" is used twice; give one of them a name of its own with "as"'],
  ],
  [
    'twice under names of their own',
    [],
    [{ a: { x: 1 }, as: 'one' }, { a: { x: 2 }, as: 'two' }, 'a'],
    [
      ['one', { x: 1 }, { as: 'one' }],
      ['two', { x: 2 }, { as: 'two' }],
      ['a', {}],
    ],
    [],
  ],
  [
    'as is what a later file speaks of',
    [{ a: { x: 1 }, as: 'one' }],
    [{ a: { y: 2 }, as: 'one' }],
    [['one', { x: 1, y: 2 }, { as: 'one' }]],
    [],
  ],
  ['as and false', [{ a: {}, as: 'one' }, 'a'], [{ a: false, as: 'one' }], [['a', {}]], []],
  [
    'binds are merged',
    [{ a: {}, onFault: 'hold', phase: 'late' }],
    [{ a: {}, phase: 'early' }],
    [['a', {}, { onFault: 'hold', phase: 'early' }]],
    [],
  ],
  [
    'two names in one entry',
    [],
    [{ a: {}, b: {} }],
    [],
    [
      "plugins[0]: expected one plugin's name beside as, listener, onListener, onFault, phase, before, after, timeout; found a, b",
    ],
  ],
  [
    'no name',
    [],
    [{ as: 'x' }],
    [],
    [
      "plugins[0]: expected one plugin's name beside as, listener, onListener, onFault, phase, before, after, timeout; found none",
    ],
  ],
  ['a number', [], [5], [], ['plugins[0]: expected a plugin: its name, or { name: options }']],
  ['null', [], [null], [], ['plugins[0]: expected a plugin: its name, or { name: options }']],
  ['options that are a text', [], [{ a: 'x' }], [], ['plugins[0]: expected options of a as an object']],
  ['options that are a list', [], [{ a: [1] }], [], ['plugins[0]: expected options of a as an object']],
]
for (const [name, lower, upper, uses, problems] of UPPER)
  test(`plugins: ${name}`, () =>
    inFolder(
      {
        'lower.json': JSON.stringify({ plugins: lower }),
        'x.json': JSON.stringify({ extends: './lower.json', plugins: upper }),
      },
      async (f) => {
        const l = await loadConfig({ path: f.file('x.json') })
        assert.equal(
          l.uses.map((u) => [u.name, u.options, u.bind]),
          uses.map(([n, o, b = {}]) => [n, o, b]),
        )
        assert.equal(
          l.problems.map((p) => `${p.path}: ${p.message}${p.suggestion ? ` (${p.suggestion})` : ''}`),
          problems,
        )
      },
    ))
test('plugins that are no list', async () => {
  const l = await loadConfig({ config: { plugins: { a: 1 } as never } })
  assert.equal(
    l.problems.map((p) => `${p.path}: ${p.message}`),
    ['plugins: expected a list of plugins'],
  )
})
test('functions and uses, as TypeScript writes them', async () => {
  const p = plugin('p', () => undefined)
  const l = await loadConfig({
    config: {
      plugins: [p, p({}, { as: 'q', onFault: 'hold' }), { kind: 'use', plugin: '@postern/r', options: { a: 1 } }],
    },
  })
  assert.equal(
    l.uses.map((u) => [u.name, u.options, u.bind]),
    [
      ['p', {}, {}],
      ['q', {}, { as: 'q', onFault: 'hold' }],
      ['r', { a: 1 }, {}],
    ],
  )
  assert.equal(l.problems, [])
})

const ENV = { HOME_DIR: '/home/x', EMPTY: '' }
const SUBSTITUTE: [text: unknown, result: unknown, problem?: string][] = [
  ['$myhostname', 'mx.example.org'],
  ['${myhostname}', 'mx.example.org'],
  ['a $myhostname b', 'a mx.example.org b'],
  ['${myhostname}x', 'mx.example.orgx'],
  ['$mydomain', 'example.org'],
  ['$$myhostname', '$myhostname'],
  ['$$', '$'],
  ['5$', '5$'],
  ['$5', '$5'],
  ['a$-b', 'a$-b'],
  ['$list', ['a', 'b']],
  ['${list}', ['a', 'b']],
  ['x $list', 'x a, b'],
  [
    ['$list', '$number'],
    [['a', 'b'], 5],
  ],
  ['$number', 5],
  ['n=$number', 'n=5'],
  ['$flag', true],
  ['$object', { deep: 'mx.example.org' }],
  ['$chain', 'mx.example.org'],
  [{ a: { b: ['$number'] } }, { a: { b: [5] } }],
  ['${env:HOME_DIR}/x', '/home/x/x'],
  ['${env:HOME_DIR:/y}', '/home/x'],
  ['${env:NOT_SET:/y}', '/y'],
  ['${env:NOT_SET:}', ''],
  ['${env:EMPTY:x}', ''],
  ['$recipientLimit', 1000],
  [
    '${env:NOT_SET}',
    '',
    'plugins[0].p.v: the environment variable NOT_SET is not set; write ${env:NOT_SET:default} to give a default',
  ],
  ['$myhostnam', '', 'plugins[0].p.v: $myhostnam is not defined (myhostname)'],
  ['$lst', '', 'plugins[0].p.v: $lst is not defined (list)'],
  ['$zzzzzzzz', '', 'plugins[0].p.v: $zzzzzzzz is not defined'],
  ['$toString', '', 'plugins[0].p.v: $toString is not defined'],
]
for (const [text, result, problem] of SUBSTITUTE)
  test(`reference: ${JSON.stringify(text)}`, async () => {
    const config: Config = {
      myhostname: 'mx.example.org',
      vars: {
        list: ['a', 'b'],
        number: 5,
        flag: true,
        object: { deep: '$myhostname' },
        chain: '$one',
        one: '$myhostname',
      },
      plugins: [{ p: { v: text } }],
    }
    const l = await loadConfig({ config, env: ENV })
    assert.equal(l.uses[0]!.options.v, result)
    assert.equal(
      l.problems.map((p) => `${p.path}: ${p.message}${p.suggestion ? ` (${p.suggestion})` : ''}`),
      problem ? [problem] : [],
    )
  })
for (const [name, config] of [
  ['itself', { myhostname: '$myhostname' }],
  ['two', { myhostname: '$mydomain', mydomain: 'x.$myhostname' }],
  ['by vars', { vars: { a: '$b', b: '$a' }, mailName: '$a' }],
  ['by the default of mydomain', { myhostname: '$mydomain' }],
] as const)
  test(`a circle of references: ${name}`, async () => {
    const l = await loadConfig({ config })
    assert.ok(l.problems.length > 0)
    for (const p of l.problems) assert.match(p.message, /refers to itself: .* -> /)
  })
test('vars of several layers are one', () =>
  inFolder(
    { 'lower.yaml': 'vars: { a: 1, b: 1 }', 'x.yaml': 'extends: ./lower.yaml\nvars: { b: 2 }\nmailName: $a$b\n' },
    async (f) => {
      assert.is((await loadConfig({ path: f.file('x.yaml') })).values.mailName!.value, '12')
    },
  ))
test('a dollar in the environment is not a reference', async () => {
  const l = await loadConfig({ config: { mailName: '${env:X}' }, env: { X: '$myhostname' } })
  assert.is(l.values.mailName!.value, '$myhostname')
})

test.run()
