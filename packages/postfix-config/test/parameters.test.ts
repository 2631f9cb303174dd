/** What values become: expansion, types, defaults, services. The answers are those of postconf 3.7. */
import {
  ParameterError,
  Parameters,
  parseMainCf,
  parseMasterCf,
  problemsIn,
  unknownNames,
} from '@postern/postfix-config'
import { undefinedNames, unknownText } from '@postern/postfix-config'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const HOST = {
  name: 'mail.example.org',
  addresses: [
    { address: '127.0.0.1', prefix: 8, family: 4 },
    { address: '172.20.30.40', prefix: 20, family: 4 },
    { address: '::1', prefix: 128, family: 6 },
    { address: '2001:db8:0:1::5', prefix: 64, family: 6 },
  ],
  names: new Map([['localhost', ['127.0.0.1', '::1']]]),
} as const
const parametersOf = (text: string) => new Parameters(parseMainCf(text), [], { host: HOST })
const thrown = (read: () => unknown): string => {
  try {
    return `nothing: ${JSON.stringify(read())}`
  } catch (error) {
    assert.instance(error, ParameterError)
    return (error as Error).message
  }
}

const expansion = suite('expansion')
const MAIN = 'u = v\nempty =\nnest = <$u>\nlist = {a b} c'
const texts: [text: string, expanded: string][] = [
  ['$u$u', 'vv'],
  ['$(u)|${u}|${ u }', 'v|v|v'],
  ['$$u|$$$u', '$u|$v'],
  ['a$zz.b', 'a.b'],
  ['$nest', '<v>'],
  ['${u?x}${empty?y}${zz?z}', 'x'],
  ['${u:x}${empty:y}${zz:z}', 'yz'],
  ['${u?a:b}|${u?a:{b}}', 'a:b|a:{b}'],
  ['${u?{a}:{b}}${zz?{a}:{b}}', 'ab'],
  ['${zz? {a} : {b} }|${u?{a}:b{c}d}|${zz:x y }', 'b|a|x y '],
  ['${u?${empty:{in $u}}}', 'in v'],
  ['$(u?{x}) $(zz:(y))', 'x (y)'],
  ['${{a} == {a}}|${{a}=={b}}', 'true|'],
  ['${{1}<{2}}|${{2}>{10}}|${{b}>{a}}|${{b}!={b}}', 'true||true|'],
  ['${{ 10}<{9}}|${{01}=={1}}|${{10}<{9}}|${{}=={}}', 'true|true||true'],
  ['${{1}=={2}:no }|${{1}=={1} ?a:b}|${{$u}=={v} ? {same} : {other}}', 'no |a:b|same'],
  ['${{3.9} <level {3.10}}|${{3.6} >=level {3.6.1}}|${{3} ==level {3.0}}', 'true||true'],
]
for (const [text, expanded] of texts)
  expansion(text, () =>
    assert.is(parametersOf(`${MAIN}\nmyorigin = ${text}`).get('myorigin'), expanded.trimEnd() && expanded),
  )
const errors: [text: string, message: string][] = [
  ['$ x', 'empty macro name: "$ x"'],
  ['${}', 'empty macro name: "${}"'],
  ['${u', 'truncated macro reference: "${u"'],
  ['$(u}', 'truncated macro reference: "$(u}"'],
  ['${u-x}', 'attribute name syntax error at: "...u>>>-x"'],
  ['${u?{a}b}', '":" expected at: "...a}>>>b"'],
  ['${zz?{a}:{b}c}', 'unexpected input at: "...b}>>>c"'],
  ['${{1} <foo {2}}', 'bad operator suffix at: "...<>>>foo"'],
  ['${{1}<{2} x}', '"?" or ":" expected at: "...}>>>x"'],
  ['${{1} < 2}', '"{expression}" expected at: "...{1} <>>> 2"'],
  ['${{1x} <level {2}}', 'malformed compatibility level syntax: "1x"'],
  ['$myorigin', 'unreasonable macro call nesting: "myorigin"'],
  ['${{$myorigin} == {}}', 'unreasonable macro call nesting: "myorigin"'],
]
for (const [text, message] of errors)
  expansion(`${text}: error`, () => {
    const parameters = parametersOf(`${MAIN}\nmyorigin = ${text}`)
    assert.is(
      thrown(() => parameters.get('myorigin')),
      `parameter myorigin: ${message}`,
    )
  })
expansion('100 names deep is deep enough', () => {
  const chain = (n: number) =>
    parametersOf(`a${n} = end\n${Array.from({ length: n }, (_, i) => `a${i} = $a${i + 1}`).join('\n')}`)
  assert.is(chain(99).get('a0'), 'end')
  assert.match(
    thrown(() => chain(200).get('a0')),
    'nesting',
  )
})
expansion('names of a moment are not expanded again', () => {
  const parameters = parametersOf('u = v')
  const extra = (name: string) => (name === 'recipient' ? '$u@${x' : undefined)
  assert.is(parameters.expand('$recipient $u ${recipient?{$recipient}}', extra), '$u@${x v $u@${x')
})

const values = suite('values')
const typed: [text: string, read: (p: Parameters) => unknown, answer: unknown][] = [
  ['', (p) => p.bool('biff'), true],
  ['biff = No', (p) => p.bool('biff'), false],
  ['biff = off', (p) => p.bool('biff'), 'bad boolean configuration: biff = off'],
  ['', (p) => p.int('smtpd_recipient_limit'), 1000],
  [
    'smtpd_recipient_limit = 1k',
    (p) => p.int('smtpd_recipient_limit'),
    'bad numerical configuration: smtpd_recipient_limit = 1k',
  ],
  [
    'smtpd_recipient_limit =',
    (p) => p.int('smtpd_recipient_limit'),
    'bad numerical configuration: smtpd_recipient_limit = ',
  ],
  ['message_size_limit = 20480000', (p) => p.size('message_size_limit'), 20480000],
  ['', (p) => p.time('maximal_queue_lifetime'), 5 * 86400_000],
  ['maximal_queue_lifetime = 2', (p) => p.time('maximal_queue_lifetime'), 2 * 86400_000],
  ['maximal_queue_lifetime = 2h', (p) => p.time('maximal_queue_lifetime'), 7200_000],
  ['delay_warning_time = 4', (p) => p.time('delay_warning_time'), 4 * 3600_000],
  ['smtp_connect_timeout = 1w', (p) => p.time('smtp_connect_timeout'), 7 * 86400_000],
  ['smtp_connect_timeout = 1h30m', (p) => p.time('smtp_connect_timeout'), 3600_000],
  [
    'smtp_connect_timeout = 1x',
    (p) => p.time('smtp_connect_timeout'),
    'parameter smtp_connect_timeout: bad time value or unit: 1x',
  ],
  [
    'smtp_connect_timeout = -1',
    (p) => p.time('smtp_connect_timeout'),
    'parameter smtp_connect_timeout: bad time value or unit: -1',
  ],
  ['', (p) => p.time('smtpd_timeout'), 300_000],
  ['stress = yes', (p) => p.time('smtpd_timeout'), 10_000],
  ['', (p) => p.time('foo_destination_rate_delay'), 0],
  ['default_destination_rate_delay = 2m', (p) => p.time('foo_destination_rate_delay'), 120_000],
  ['', (p) => p.int('foo_destination_concurrency_limit'), 20],
  ['', (p) => p.int('local_destination_concurrency_limit'), 2],
  ['mydestination = a, b\n {c d},,e', (p) => p.list('mydestination'), ['a', 'b', '{c d}', 'e']],
  ['', (p) => p.get('nobody_knows'), ''],
  ['', (p) => p.raw('nobody_knows'), undefined],
  ['', (p) => [p.isSet('biff'), p.get('compatibility_level')], [false, '0']],
  ['', (p) => p.bool('append_dot_mydomain'), true],
  ['compatibility_level = 3.6', (p) => p.bool('append_dot_mydomain'), false],
  ['compatibility_level = 1.9', (p) => p.get('relay_domains'), 'mail.example.org, localhost.example.org, localhost'],
  ['compatibility_level = 2', (p) => p.get('relay_domains'), ''],
  ['forward_path = $home/x\nhome = y', (p) => p.get('forward_path'), '$home/x'],
  ['process_name = x', (p) => [p.get('process_name'), p.isSet('process_name')], ['', false]],
  ['virtual_maps = hash:/x', (p) => p.get('virtual_alias_domains'), 'hash:/x'],
]
for (const [text, read, answer] of typed)
  values(`${text}: ${read.toString().slice(7)}`, () => {
    const parameters = parametersOf(text)
    if (typeof answer === 'string' && /^(bad|parameter) /.test(answer))
      assert.is(
        thrown(() => read(parameters)),
        answer,
      )
    else assert.equal(read(parameters), answer)
  })
const hosts: [text: string, host: string, name: string, domain: string][] = [
  ['', 'mail.example.org', 'mail.example.org', 'example.org'],
  ['', 'mail', 'mail.localdomain', 'localdomain'],
  ['mydomain = a.example', 'mail', 'mail.a.example', 'a.example'],
  ['myhostname = x.b.example', 'mail', 'x.b.example', 'b.example'],
  ['myhostname = x', 'mail', 'x', 'localdomain'],
  ['myhostname = x.$mydomain', 'mail', 'x.', ''],
]
for (const [text, name, myhostname, mydomain] of hosts)
  values(`host ${name} with ${JSON.stringify(text)}`, () => {
    const parameters = new Parameters(parseMainCf(text), [], { host: { ...HOST, name } })
    assert.equal([parameters.get('myhostname'), parameters.get('mydomain')], [myhostname, mydomain])
  })
const networks: [text: string, networks: string][] = [
  ['compatibility_level = 2', '127.0.0.1/32 172.20.30.40/32 [::1]/128 [2001:db8:0:1::5]/128'],
  ['', '127.0.0.0/8 172.20.16.0/20 [::1]/128 [2001:db8:0:1::]/64'],
  ['mynetworks_style = class\ninet_protocols = ipv4', '127.0.0.0/8 172.20.0.0/16'],
  ['inet_interfaces = loopback-only', '127.0.0.0/8 [::1]/128'],
  ['inet_interfaces = $myhostname, localhost', '127.0.0.0/8 [::1]/128'],
  [
    'inet_interfaces = 172.20.30.40, [2001:db8:0:1::5]\nmynetworks_style = host',
    '172.20.30.40/32 [2001:db8:0:1::5]/128',
  ],
]
for (const [text, answer] of networks)
  values(`mynetworks with ${text}`, () => assert.is(parametersOf(text).get('mynetworks'), answer))

const services = suite('services')
services("-o over main.cf, with the service's own names", () => {
  const master = parseMasterCf(
    'sub inet n - - - - smtpd -o syslog_name=p/$service_name -o u=2 -o {smtpd_banner=$u $w $process_name}',
  )
  const all = new Parameters(parseMainCf('u = 1\nw = 3'), [], { services: master.services })
  const own = all.forService(master.services[0]!)
  assert.equal(
    [own.get('syslog_name'), own.get('smtpd_banner'), all.get('u'), own.isSet('u')],
    ['p/sub', '2 3 smtpd', '1', true],
  )
  const more = own.with([{ name: 'w', value: '4' }])
  assert.equal([more.get('smtpd_banner'), own.get('smtpd_banner')], ['2 4 smtpd', '2 3 smtpd'])
})
services('parameters of services are those of master.cf, where there is one', () => {
  const { services: list } = parseMasterCf(
    'foo unix - - - - - pipe\npol unix - - - - - spawn\nx unix - - - - - cleanup',
  )
  const parameters = new Parameters(parseMainCf(''), [], { services: list })
  const names = [
    'foo_time_limit',
    'foo_recipient_limit',
    'pol_time_limit',
    'pol_recipient_limit',
    'x_time_limit',
    'bar_time_limit',
  ]
  assert.equal(
    names.map((name) => parameters.get(name)),
    ['1000s', '20000', '1000s', '', '', ''],
  )
})

const names = suite('names')
const unused: [main: string, master: string, unused: string[]][] = [
  ['relay_host = x', '', ['relay_host relayhost']],
  ['bfif = no', '', ['bfif biff']],
  [
    'smtpd_recipient_restriction = x\nmyhostnmae = y',
    '',
    ['smtpd_recipient_restriction smtpd_recipient_restrictions', 'myhostnmae myhostname'],
  ],
  ['completely_of_ones_own = x', '', ['completely_of_ones_own']],
  ['a = 1\nb = $a\nmyorigin = ${c?{$b}}', '', []],
  ['a = 1\nforward_path = $a', '', ['a']],
  ['smtpd_restriction_classes = c1, $more\nmore = c2\nc1 = permit\nc2 = permit\nc3 = permit', '', ['c3']],
  ['virtual_alias_maps = proxy:mysql:users\nusers_hosts = x\nusers_foo = y', '', ['users_foo']],
  ['virtual_alias_maps = mysql:/etc/users\nusers_hosts = x', '', ['users_hosts']],
  ['virtual_maps = x\nfallback_relay = y', '', []],
  ['foo_time_limit = 1\nbar_time_limit = 2', 'foo unix - - - - - pipe', ['bar_time_limit foo_time_limit']],
  ['myorigin = $u', 'foo unix - - - - - smtpd -o u=1 -o w=2 -o biff=no', ['w']],
  ['a = 1', 'foo unix - - - - - smtpd -o myorigin=$a', []],
]
for (const [main, master, expected] of unused)
  names(JSON.stringify([main, master]), () => {
    const found = unknownNames(parseMainCf(main), parseMasterCf(master))
    assert.equal(
      found.map((u) => u.name + (u.nearest ? ` ${u.nearest}` : '')),
      expected,
    )
  })
names('what a removed one is now', () => {
  const found = unknownNames(parseMainCf('sender_based_routing = yes\nlmtpd_timeout = 1'), parseMasterCf(''))
  assert.equal(found.map(unknownText), [
    'unused parameter: sender_based_routing=yes (it is sender_dependent_relayhost_maps now)',
    'unused parameter: lmtpd_timeout=1 (Postfix has it no longer: Postfix has no LMTP server)',
  ])
})
names('names that nobody defines', () => {
  const main = parseMainCf('myorigin = $a ${b?{$c}} ${{$d} == {} ? {$e}}\nb = 1')
  assert.equal(undefinedNames(main, parseMasterCf('')).sort(), ['a', 'c', 'd', 'e'])
})
names('all problems of a folder', () => {
  const main = parseMainCf('x\nbiff = maybe\nmyorigin = ${a\nu = ${broken\nrelay_host =\nmax_idle = 1h30m', 'main.cf')
  const master = parseMasterCf('a unix - - - - - smtpd -o smtpd_timeout=1y\nb', 'master.cf')
  const found = problemsIn(main, master, { host: HOST })
  const told = found.map((p) => `${p.file}:${p.line} ${p.fatal ? 'fatal' : 'warning'}: ${p.text}`)
  for (const line of [
    `main.cf:1 fatal: missing '=' after attribute name: "x"`,
    'master.cf:2 fatal: missing "transport type" field',
    'main.cf:2 fatal: bad boolean configuration: biff = maybe',
    'main.cf:3 fatal: parameter myorigin: truncated macro reference: "${a"',
    'master.cf:1 fatal: service a/unix: parameter smtpd_timeout: bad time value or unit: 1y',
    'main.cf:6 warning: max_idle=1h30m: "30m" behind the unit is not read',
    'main.cf:5 warning: unused parameter: relay_host= (is it relayhost?)',
  ])
    assert.ok(told.includes(line), `${line}\nnot in\n${told.join('\n')}`)
  assert.not(
    told.some((line) => line.includes('fatal: parameter u:')),
    'what nothing reads is not expanded',
  )
})

for (const s of [expansion, values, services, names]) s.run()
