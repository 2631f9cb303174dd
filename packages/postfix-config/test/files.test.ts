/** main.cf, master.cf and lists, in tables of cases; what Postfix 3.7 makes of each was seen. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpointOf, isDisabled, parseMainCf, parseMasterCf, portNumber, readList } from '@postern/postfix-config'
import { Parameters, readMainCf, readMasterCf, valueOrFirstLine } from '@postern/postfix-config'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const mainCf = suite('main.cf')
/** text -> [name, value, line] ..., then problems */
const lines: [text: string, entries: [string, string, number][], problems?: string[]][] = [
  [
    'a = b\nc=d e\n',
    [
      ['a', 'b', 1],
      ['c', 'd e', 2],
    ],
  ],
  ['a = b,\n\tc\n  d', [['a', 'b,\tc  d', 1]]],
  [
    'a = b\n# comment\n c\n\n d\n  # comment\ne=',
    [
      ['a', 'b c d', 1],
      ['e', '', 7],
    ],
  ],
  ['\n#x = y\n  # z\n a\nb = c', [['b', 'c', 5]], ['logical line must not start with whitespace: " a"']],
  ['a = b # c\n', [['a', 'b # c', 1]]],
  ['a = b\r\n c\r\n', [['a', 'b\r c', 1]]],
  ['a\n = b', [['a', 'b', 1]]],
  ['a == b', [['a', '= b', 1]]],
  ['a', [], [`missing '=' after attribute name: "a"`]],
  ['a b = c', [], [`missing '=' after attribute name: "a b = c"`]],
  ['= c', [], ['missing attribute name: "= c"']],
  [
    'a = b\na = c\na = c',
    [
      ['a', 'b', 1],
      ['a', 'c', 2],
      ['a', 'c', 3],
    ],
    ['overriding earlier entry: a=b'],
  ],
  ['a = b\0c', [['a', 'b', 1]], ['text after null byte may be ignored']],
  ['é = ü', [['é', 'ü', 1]]],
]
for (const [text, entries, problems = []] of lines)
  mainCf(JSON.stringify(text), () => {
    const read = parseMainCf(text)
    assert.equal(
      read.entries.map((e) => [e.name, e.value, e.line]),
      entries,
    )
    assert.equal(
      read.problems.map((p) => p.text),
      problems,
    )
  })
mainCf('what is no UTF-8 keeps its bytes', async () => {
  writeFileSync(join(dir, 'main.cf'), Buffer.from('a = \xe9', 'latin1'))
  assert.is((await readMainCf(dir)).last.get('a')?.value, '\xe9')
})
mainCf('no file: rejects', async () => {
  for (const read of [readMainCf, readMasterCf])
    assert.is(await read('/nowhere').catch((error: NodeJS.ErrnoException) => error.code), 'ENOENT')
})

const masterCf = suite('master.cf')
masterCf('a service with everything', () => {
  const { services, problems } = parseMasterCf(
    '[::1]:587 inet n - y 10? 3 smtpd -v -oa=b -o { c = d e }\n  { x y }\n# -o e=f\n -o g=h $z\n',
  )
  assert.equal(problems, [])
  const [{ fields, line, file, ...service }] = services as [(typeof services)[number]]
  assert.equal([fields.join(' '), line, file], ['[::1]:587 inet n - y 10? 3 smtpd', 1, 'master.cf'])
  assert.equal(service, {
    ...{ name: '[::1]:587', type: 'inet', private: false, unprivileged: true, chroot: true, command: 'smtpd' },
    ...{ wakeup: 10, wakeupIfUsed: true, maxproc: 3 },
    args: ['-v', '-o', 'a=b', '-o', 'c=d e', 'x y', '-o', 'g=h', '$z'],
    overrides: [
      { name: 'a', value: 'b' },
      { name: 'c', value: 'd e' },
    ],
    attributes: ['x y', '-o', 'g=h', '$z'],
  })
})
masterCf('what is not said', () => {
  const [s] = parseMasterCf('a unix - - - - - pipe').services
  assert.equal([s?.private, s?.unprivileged, s?.chroot, s?.wakeup, s?.maxproc], [true, true, undefined, 0, undefined])
})
masterCf('wakeup', () => {
  const seen = ['-', '0', '0?', '60', '60?'].map((word) => {
    const [s] = parseMasterCf(`a unix - - - ${word} - x`).services
    return [s?.wakeup, s?.wakeupIfUsed]
  })
  const never = [0, false]
  assert.equal(seen, [never, never, never, [60, false], [60, true]])
})
masterCf('disabled lines are none, the last of two counts', () => {
  const text = '#a unix - - - - - x\n# b unix - - - - - x\nc unix - - - - - x\nd unix - - - - - x\nc unix - - - - - y'
  const { services, entries, problems } = parseMasterCf(text)
  assert.equal(
    services.map((s) => s.name + s.command),
    ['cy', 'dx'],
  )
  assert.is(entries.length, 3)
  assert.match(problems[0]!.text, 'duplicate master.cf entry for service "c" (unix) -- using the last entry')
})
const bad: [line: string, problem: string][] = [
  ['a', 'missing "transport type" field'],
  ['a unix - - - - -', 'missing "command" field'],
  ['a tcp - - - - - x', 'bad transport type: tcp'],
  ['a - - - - - - x', 'field "transport type" has no default value'],
  ['a inet - - - - - x', 'inet service cannot be private'],
  ['a unix Y - - - - x', 'field "private": bad value: "Y"'],
  ['a unix - yes - - - x', 'field "unprivileged": bad value: "yes"'],
  ['a unix - - ? - - x', 'field "chroot": bad value: "?"'],
  ['a unix - - - 5x - x', 'field "wakeup_time": bad value: "5x"'],
  ['a unix - - - - -1 x', 'field "max_proc": bad value: "-1"'],
  ['a unix - - - - - -', 'field "command" has no default value'],
  ['[::1 inet n - - - - x', 'missing "]" in "[::1"'],
  ['[::1]: inet n - - - - x', 'missing service information in "[::1]:"'],
  ['127.0.0.1:25x inet n - - - - x', 'garbage after numerical service in "127.0.0.1:25x"'],
  ['a unix - - - - - x {b', `missing '}' in "{b"`],
  ['a unix - - - - - x {b}c', `syntax error after '}' in "{b}c"`],
  ['a unix - - - - - x -o b', `invalid "-o b" option value: missing '=' after attribute name`],
  ['a unix - - - - - x -o', "option requires an argument -- 'o'"],
]
for (const [line, problem] of bad)
  masterCf(line, () =>
    assert.equal(
      parseMasterCf(line).problems.map((p) => [p.text, p.fatal]),
      [[problem, true]],
    ),
  )

const places: [name: string, place: object][] = [
  ['smtp', { host: '', port: 'smtp' }],
  ['2525', { host: '', port: '2525' }],
  [':25', { host: '', port: '25' }],
  ['10.0.0.1:submission', { host: '10.0.0.1', port: 'submission' }],
  ['mail.example.org:25', { host: 'mail.example.org', port: '25' }],
  ['[::1]:25', { host: '::1', port: '25' }],
  ['[ipv6:::1]:25', { host: '::1', port: '25' }],
  ['[::1]x', { problem: 'garbage after "]"' }],
  ['a..b:25', { problem: 'valid hostname or network address required' }],
]
for (const [name, place] of places) masterCf(`where ${name} listens`, () => assert.equal(endpointOf(name), place))
masterCf('numbers of ports', () => {
  const parameters = new Parameters(parseMainCf('known_tcp_ports = a=b=2025, c=smtp'))
  const services = join(dir, 'services')
  writeFileSync(services, '# x\nsmtp\t\t25/tcp\t\tmail\ndomain 53/udp\n')
  const numbers = ['25', 'a', 'b', 'smtp', 'mail', 'domain', 'x', '70000'].map((p) =>
    portNumber(p, parameters, services),
  )
  assert.equal(numbers, [25, 2025, 2025, 25, 25, undefined, undefined, undefined])
})
masterCf('master_service_disable', () => {
  const of = (patterns: string) =>
    parseMasterCf('smtp inet n - - - - x\nsmtp unix - - - - - x\n25 inet n - - - - x').services.map((s) =>
      isDisabled(s, patterns.split(' ')),
    )
  assert.equal(of('inet'), [true, false, true])
  assert.equal(of('smtp.inet'), [true, false, false])
  assert.equal(of('!smtp.inet inet'), [false, false, true])
})

const list = suite('lists')
list('patterns, tables, files in files, opposites', async () => {
  const [one, two, circle] = ['one', 'two', 'circle'].map((name) => join(dir, name)) as [string, string, string]
  writeFileSync(one, `# comment, x\na.example b.example,\n hash:/t\n!c.example ${two}\n`)
  writeFileSync(two, 'd.example # not here\n')
  writeFileSync(circle, `e.example ${circle}`)
  const warnings: string[] = []
  const value = `x !${one} [::1]/128 !!y {a b} ${circle} ${dir}/none !`
  const found = readList(value, (text) => warnings.push(text))
  const short = found.map((e) => {
    const text = e.kind === 'pattern' ? e.text : e.kind === 'table' ? `T ${e.table}` : `? ${e.path}`
    return (e.negated ? '!' : '') + text.replace(`${dir}/`, '') + (e.file ? ` (${e.file.replace(`${dir}/`, '')})` : '')
  })
  assert.equal(short, [
    ...['x', '!a.example (one)', '!b.example (one)', '!T hash:/t (one)', 'c.example (one)', '!d.example (two)'],
    ...['[::1]/128', 'y', '{a b}', 'e.example (circle)', '? circle', '? none'],
  ])
  assert.equal(warnings, ['#comment after other text is not allowed: # not here', "no pattern after '!'"])
})
list('a first line', async () => {
  writeFileSync(join(dir, 'mailname'), 'example.org\nx\n')
  assert.equal([valueOrFirstLine(join(dir, 'mailname')), valueOrFirstLine('a')], ['example.org', 'a'])
})

const dir = mkdtempSync(join(tmpdir(), 'postfix-config-'))
list.after(() => rmSync(dir, { recursive: true }))
mainCf.run()
masterCf.run()
list.run()
