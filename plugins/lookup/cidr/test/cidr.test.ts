import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import { random, tableContract, tempFolder } from '@postern/testkit'
import { open } from './open.ts'

/** table, key -> value or undefined */
const answers: [string, Record<string, string | undefined>][] = [
  [
    '10.0.0.0/8 a',
    { '10.1.2.3': 'a', '11.0.0.1': undefined, '10.1.2': undefined, '010.1.2.3': undefined, foo: undefined },
  ],
  [
    '10.0.0.0/8 a',
    { '[10.1.2.3]': undefined, '::ffff:10.1.2.3': undefined, '10.1.2.3/32': undefined, '10.1.2.3 ': undefined },
  ],
  // the order of the file, not the length of the prefix
  ['10.0.0.0/8 wide\n10.1.0.0/16 narrow', { '10.1.2.3': 'wide' }],
  ['10.1.0.0/16 narrow\n10.0.0.0/8 wide\n10.1.2.3 host', { '10.1.2.3': 'narrow', '10.2.2.3': 'wide' }],
  ['192.168.1.1 OK\n192.168.0.0/16 REJECT no', { '192.168.1.1': 'OK', '192.168.1.2': 'REJECT no' }],
  [
    '2001:db8::1 OK\n2001:db8::/32 REJECT',
    { '2001:DB8:0:0::1': 'OK', '2001:db8::2': 'REJECT', '2001:db9::': undefined },
  ],
  [
    '[2001:db8::]/32 a\n[2001:db9::1] b\n[2001:dba::/32] c',
    { '2001:db8::1': 'a', '2001:db9::1': 'b', '2001:dba::5': 'c' },
  ],
  ['0.0.0.0/0 four\n::/0 six', { '1.2.3.4': 'four', '::': 'six', '::ffff:1.2.3.4': 'six' }],
  ['::ffff:10.0.0.0/104 a', { '::ffff:10.9.9.9': 'a', '10.9.9.9': undefined }],
  ['!10.0.0.0/8 a', { '11.1.1.1': 'a', '10.1.1.1': undefined, '::1': undefined, foo: undefined }],
  ['!!10.0.0.0/8 a\n! 12.0.0.0/8 b', { '10.1.1.1': 'a', '11.1.1.1': 'b', '12.1.1.1': undefined }],
  [
    'if 10.0.0.0/8\n10.1.0.0/16 a\n!10.2.0.0/16 b\nendif\n0.0.0.0/0 c',
    { '10.1.1.1': 'a', '10.2.1.1': 'c', '10.3.1.1': 'b', '11.1.1.1': 'c' },
  ],
  ['if !10.0.0.0/8\n0.0.0.0/0 a\nendif\n0.0.0.0/0 b', { '10.1.1.1': 'b', '11.1.1.1': 'a', '::1': undefined }],
  [
    'IF 10.0.0.0/8\nif 10.1.0.0/16\n10.1.1.1 a\nENDIF\n10.0.0.0/8 b\nEndIf\n10.1.1.2 c',
    { '10.1.1.1': 'a', '10.1.1.2': 'b', '11.1.1.1': undefined },
  ],
  ['10.0.0.0/8\ta $1  b \n  more\n# c\n\n  # d\n', { '10.1.1.1': 'a $1  b   more' }],
  ['10.0.0.0/8 voilà\r\n11.0.0.0/8 x\r\n', { '10.1.1.1': 'voilà', '11.1.1.1': 'x' }],
  ['10.1.1.1 a\n10.1.1.1 b', { '10.1.1.1': 'a' }],
  [
    '255.255.255.255 a\n128.0.0.0/1 b\nffff::/1 c\n8000::/1 d',
    { '255.255.255.255': 'a', '200.1.1.1': 'b', 'ffff::': 'd', '7fff::': undefined },
  ],
]
for (const [text, keys] of answers) {
  test(`answers: ${JSON.stringify(text)}`, async () => {
    const t = await open({ rules: text })
    for (const [key, value] of Object.entries(keys))
      assert.equal(await t.get(key), value === undefined ? absent() : found(value), key)
    assert.is(t.table.pattern, true)
  })
}

/** table, warnings without `: skipping this rule` */
const warnings: [string, string[]][] = [
  ['10.0.0.1/8 a', ['1: non-null host address bits in "10.0.0.1/8", perhaps you should use "10.0.0.0/8" instead']],
  [
    '2001:db8::1/32 a',
    ['1: non-null host address bits in "2001:db8::1/32", perhaps you should use "2001:db8::/32" instead'],
  ],
  [
    '::ffff:10.0.0.1/120 a',
    ['1: non-null host address bits in "::ffff:10.0.0.1/120", perhaps you should use "::ffff:10.0.0.0/120" instead'],
  ],
  ['10.0.0.0/33 a\n::/129 b', ['1: bad mask length in "10.0.0.0/33"', '2: bad mask length in "::/129"']],
  [
    '10.0.0.0/ a\n10.0.0.0/x b\n10.0.0.0/8/8 c',
    ['1: bad mask value in "10.0.0.0/"', '2: bad mask value in "10.0.0.0/x"', '3: bad mask value in "10.0.0.0/8/8"'],
  ],
  ['10.0.0/8 a\n010.0.0.0/8 b', ['1: bad network value in "10.0.0/8"', '2: bad network value in "010.0.0.0/8"']],
  [
    'foo bar\n1.2.3.256 a\n1.2.3.04 b\nfe80::1%lo c',
    [
      '1: bad address pattern: "foo"',
      '2: bad address pattern: "1.2.3.256"',
      '3: bad address pattern: "1.2.3.04"',
      '4: bad address pattern: "fe80::1%lo"',
    ],
  ],
  ['10.0.0.0/8', ['1: no lookup result']],
  ['!\nif', ['1: no address pattern', '2: no address pattern']],
  ['[::1 a\n[::1]x b', ['1: missing \']\' character after "[::1"', '2: garbage after "[::1]"']],
  [
    'endif\nif 10.0.0.0/8 x\nendif x',
    ['1: ENDIF without IF', '2: bad mask value in "10.0.0.0/8 x"', '3: garbage after ENDIF'],
  ],
]
for (const [text, lines] of warnings) {
  test(`warns: ${JSON.stringify(text)}`, async () => {
    const t = await open({ rules: `${text}\n1.1.1.1 last` })
    assert.equal(
      t.problems(),
      lines.map((line) => `${line}: skipping this rule`),
    )
    assert.equal(await t.get('1.1.1.1'), found('last'))
    assert.equal(await t.get('10.1.1.1'), absent())
    assert.is(await t.table.check!(), undefined)
  })
}
test('an IF without ENDIF reaches to the end', async () => {
  const t = await open({ rules: '1.1.1.1 x\nif 10.0.0.0/8\n0.0.0.0/0 a' })
  assert.equal(t.problems(), ['2: IF has no matching ENDIF'])
  assert.equal([await t.get('10.1.1.1'), await t.get('11.1.1.1')], [found('a'), absent()])
})

/** spec, answer for 10.1.1.1 or the problem */
const definitions: [unknown, string | RegExp][] = [
  ['{ {10.0.0.0/8 a} }', 'a'],
  ['{{11.0.0.0/8 b},{10.0.0.0/8 a}}', 'a'],
  ['{ {if 10.0.0.0/8} {10.1.1.1 a b} {endif} }', 'a b'],
  [{ rules: ['10.0.0.0/8 a', '0.0.0.0/0 b'] }, 'a'],
  ['{ 10.0.0.0/8 }', /^cidr map: no '\{' at start of text in "10\.0\.0\.0\/8"$/],
  ['{{10.0.0.0/8 a}{0.0.0.0/0 b}}', /^cidr map: syntax error after '\}'/],
  ['', /without a file name/],
  [{ map: {} }, /^unknown property "map"/],
]
for (const [spec, answer] of definitions) {
  test(`definition ${JSON.stringify(spec)}`, async () => {
    const t = await open(spec)
    const problem = await t.table.check!()
    if (typeof answer === 'string') {
      assert.is(problem, undefined)
      assert.equal(await t.get('10.1.1.1'), found(answer))
    } else {
      assert.match(problem ?? '', answer)
      assert.equal(await t.get('10.1.1.1'), { kind: 'failed', why: 'misconfigured', cause: problem })
    }
    assert.equal(await t.get(''), absent())
    assert.is(t.table.pattern, true)
  })
}

test('100,000 networks of all lengths: the first in the file, as a search line by line finds it', async () => {
  const next = random(7)
  const networks: { base: number; mask: number; value: string }[] = []
  const lines: string[] = []
  const dotted = (n: number) => [24, 16, 8, 0].map((s) => (n >>> s) & 255).join('.')
  for (let i = 0; i < 100_000; i++) {
    const length = 8 + Math.floor(next() * 25)
    const mask = (0xffff_ffff << (32 - length)) >>> 0
    const base = (Math.floor(next() * 2 ** 32) & mask) >>> 0
    networks.push({ base, mask, value: `v${i}` })
    lines.push(`${dotted(base)}/${length} v${i}`)
  }
  const t = await open({ rules: lines.join('\n') })
  assert.equal(t.table.stats!(), { rules: 100_000 })
  for (let i = 0; i < 200; i++) {
    const key = Math.floor(next() * 2 ** 32)
    const first = networks.find(({ base, mask }) => (key & mask) >>> 0 === base)
    assert.equal(await t.get(dotted(key)), first ? found(first.value) : absent(), dotted(key))
  }
})

let age = 1000
const write = (file: string, text: string | Buffer) => {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
  utimesSync(file, Date.now() / 1000 - age, Date.now() / 1000 - --age)
}
test('a file is followed; one that cannot be read keeps the old networks', async () => {
  const folder = await tempFolder('cidr')
  const file = join(folder.path, 't')
  try {
    const t = await open('t', folder.path)
    assert.is((await t.get('10.1.1.1')).kind, 'failed')
    assert.match((await t.table.check!()) ?? '', /^cidr:t: ENOENT/)
    write(file, '10.0.0.0/8 one\n')
    t.pass(1000)
    assert.equal(await t.get('10.1.1.1'), found('one'))
    write(file, Buffer.from('10.0.0.0/8 two\0'))
    for (let i = 0; i < 3; i++) {
      t.pass(1000)
      assert.equal(await t.get('10.1.1.1'), found('one'))
    }
    write(file, '10.0.0.0/8 three\n')
    t.pass(1000)
    assert.equal(await t.get('10.1.1.1'), found('three'))
    rmSync(file)
    t.pass(1000)
    assert.equal(await t.get('10.1.1.1'), found('three'))
    assert.equal(
      t.events.map(([name]) => name),
      ['table.unreadable', 'table.loaded', 'table.stale', 'table.reloaded', 'table.stale'],
    )
    writeFileSync(file, '10.0.0')
    t.pass(1000)
    assert.equal(await t.get('10.1.1.1'), found('three'), 'just written: left alone')
  } finally {
    await folder.remove()
  }
})

tableContract('cidr', async () => {
  const folder = await tempFolder('cidr')
  writeFileSync(join(folder.path, 't'), '10.0.0.0/8 a\n2001:db8::/32 b\n')
  const { table } = await open('t', folder.path)
  return {
    table,
    found: { '10.1.2.3': 'a', '2001:db8::1': 'b' },
    absent: ['11.1.1.1', '::1', 'example.com', 'joe@example.com'],
    close: () => folder.remove(),
  }
})
test.run()
