/** Postfix folders as configurations: each row of the map against the plugins' schemas, and whole folders by `postern check`. */
import { execFile } from 'node:child_process'
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '@postern/core'
import type { AnyPlugin, configSchema } from '@postern/core'
import { plugins } from '@postern/preset-postfix'
import { asYaml, configOf, importFolder, reportOf } from '@postern/postfix-config'
import type { Imported } from '@postern/postfix-config'
import { tempFolder } from '@postern/testkit'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CLI = path.join(ROOT, 'packages/cli/bin/postern.js')
const DEBIAN = path.join(ROOT, 'packages/postfix-config/test/debian')

/** A folder with these files; `@DIR@` in them is its name. */
async function folder(main: string, master = 'smtp inet n - n - - smtpd\n'): Promise<Imported & { dir: string }> {
  const temp = await tempFolder()
  await writeFile(path.join(temp.path, 'main.cf'), main.replaceAll('@DIR@', temp.path))
  await writeFile(path.join(temp.path, 'master.cf'), master)
  return { ...(await importFolder(temp.path)), dir: temp.path }
}
const postern = (...args: string[]) =>
  promisify(execFile)(process.execPath, [CLI, ...args], { timeout: 60_000 }).catch(
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
const use = (imported: Imported, name: string) => imported.uses.find((u) => (u.as ?? u.plugin) === name)

test('every plugin that is named is one of the preset', async () => {
  const all = new Set<string>(plugins)
  const source = path.join(ROOT, 'packages/postfix-config/src/import')
  for (const file of await readdir(source, { recursive: true })) {
    if (!file.endsWith('.ts')) continue
    const text = await readFile(path.join(source, file), 'utf8')
    for (const [, name] of text.matchAll(/plugin: '([\w-]+)'|: '(?=lookup-)([\w-]+)'/g))
      if (name !== undefined) assert.ok(all.has(name), `${file}: ${name}`)
  }
})

// every parameter that has a row, set to what it is by default: the plugins must know each option and take its value
test('all parameters of the map, at their defaults, make a configuration that checks', async () => {
  const { CATALOGUE } = await import('@postern/postfix-config')
  const given = [...CATALOGUE].filter(([name, known]) => !known.computed && !known.readOnly && !SKIPPED.has(name))
  const main = [
    'myhostname = mx.site.example',
    'compatibility_level = 3.6',
    // what brings in the plugins that are there on demand
    ...WHOLE,
    ...given
      .filter(([name]) => !WHOLE.some((line) => line.startsWith(`${name} `)))
      .map(([n, k]) => `${n} = ${k.default}`),
  ]
  const imported = await folder(`${main.join('\n')}\n`, MASTER)
  assert.equal(imported.problems, [])
  const told = await postern('check', '--postfix', imported.dir)
  assert.match(told.stdout + told.stderr, /^ok: /m)
  const mapped = reportOf(imported).filter((row) => row.fate === 'mapped')
  assert.ok(mapped.length > 150, String(mapped.length))
})
const SKIPPED = new Set(['config_directory', 'compatibility_level', 'myhostname', 'multi_instance_directories'])
const WHOLE = [
  ...['canonical_maps', 'virtual_alias_maps', 'relocated_maps', 'transport_maps', 'smtp_generic_maps'].map(
    (name) => `${name} = inline:{ {a@b.example = c@d.example} }`,
  ),
  'always_bcc = archive@site.example',
  'masquerade_domains = site.example',
  'luser_relay = $user@other.example',
  'strict_8bitmime = yes',
  'mail_owner = nobody',
  'maillog_file = /var/log/maillog',
  'virtual_mailbox_base = /srv/mail',
]
const MASTER = [
  '127.0.0.1:2525 inet n - n - - smtpd',
  '  -o smtpd_helo_required=yes -o mynetworks=10.0.0.0/8',
  ...['smtp unix - - n - - smtp', 'relay unix - - n - - smtp', 'lmtp unix - - n - - lmtp'],
  ...['local unix - n n - - local', 'virtual unix - n n - - virtual', 'discard unix - - n - - discard'],
  ...[
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'uucp unix - n n - - pipe',
    ' user=uucp argv=uux -r -',
  ],
  '',
].join('\n')

test('what a service is given by -o is that listener’s', async () => {
  const imported = await folder('compatibility_level = 3.6\nmynetworks = 127.0.0.0/8\nmyhostname = a.example\n', MASTER)
  assert.is(use(imported, 'smtpd-127-0-0-1-2525')!.options.smtpdHeloRequired, true)
  assert.equal(use(imported, 'policy-relay')!.options.mynetworks, ['127.0.0.0/8'])
  assert.equal(use(imported, 'policy-relay')!.onListener, { 'smtpd-127-0-0-1-2525': { mynetworks: ['10.0.0.0/8'] } })
})
test('a default that is made of what is set is written as if it were set', async () => {
  const old = ['myhostname = a.example', 'mydestination = a.example', 'virtual_maps = hash:/etc/virtual']
  const more = ['virtual_mailbox_maps = hash:/etc/boxes', 'fallback_relay = b.example']
  const imported = await folder([...old, ...more, ''].join('\n'), MASTER)
  assert.equal(use(imported, 'route-virtual')!.options.virtualAliasMaps, ['hash:/etc/virtual'])
  assert.equal(use(imported, 'smtp')!.options.smtpFallbackRelay, 'b.example')
  const { virtualMailboxDomains, relayDomains } = use(imported, 'route-classes')!.options
  // without a compatibility_level subdomains of what is here are relayed for
  assert.equal([virtualMailboxDomains, relayDomains], [['hash:/etc/boxes'], ['a.example']])
  assert.is(use(imported, 'rewrite-trivial')!.options.appendDotMydomain, true)
  const plain = await folder('myhostname = a.example\ncompatibility_level = 3.6\n', MASTER)
  assert.is(use(plain, 'route-classes')!.options.relayDomains, undefined)
  assert.is(use(plain, 'smtp')!.options.smtpHeloName, undefined)
})
test('a dollar that is left is meant as written', async () => {
  const imported = await folder(
    'myhostname = a.example\nluser_relay = $user@b.example\nsmtpd_banner = $myhostname $$5\n',
  )
  assert.is(use(imported, 'route-local')!.options.luserRelay, '$$user@b.example')
  assert.is(use(imported, 'smtpd-smtp')!.options.smtpdBanner, 'a.example $$5')
})
test('who may relay: the restrictions that speak of it', async () => {
  /** smtpd_relay_restrictions, smtpd_recipient_restrictions; the two lists of rules */
  const cases: [string, string, string[] | undefined, string[] | undefined][] = [
    ['permit_mynetworks, reject_unauth_destination', '', ['permit_mynetworks', 'reject_unauth_destination'], []],
    ['Permit_Auth_Destination DEFER', '', ['permit_auth_destination', 'defer'], []],
    ['', 'permit_mynetworks, mine', [], ['permit_mynetworks', 'permit_auth_destination', 'reject']],
    ['mine', 'reject_rbl_client x', ['permit_auth_destination', 'reject'], []],
    ['permit_mynetworks, warn_if_reject, reject, defer', '', ['permit_mynetworks', 'defer'], []],
    // nobody is refused: strangers are deferred, as when nothing is said
    ['', 'permit_mynetworks, check_client_access static:ok', undefined, ['permit_mynetworks']],
    ['permit', '', undefined, []],
  ]
  for (const [relay, recipient, first, second] of cases) {
    const lines = [
      `smtpd_relay_restrictions = ${relay}`,
      `smtpd_recipient_restrictions = ${recipient}`,
      'smtpd_restriction_classes = mine',
      'mine = permit_auth_destination, reject',
      'myhostname = a.example',
    ]
    const { options } = use(await folder(lines.join('\n')), 'policy-relay')!
    assert.equal([options.smtpdRelayRestrictions, options.smtpdRecipientRestrictions], [first, second], relay)
  }
})
test('restrictions that are not there are told as not yet, and by name', async () => {
  const imported = await folder('smtpd_recipient_restrictions = permit_mynetworks, reject_rbl_client bl.example\n')
  const row = reportOf(imported).find(({ name }) => name === 'smtpd_recipient_restrictions')!
  assert.equal([row.fate, row.note], ['not yet', 'reject_rbl_client, bl.example'])
})
test('what a service says by -o is told by what it became there, not in main.cf', async () => {
  const said = {
    smtpd_helo_required: 'yes',
    mynetworks: '10.0.0.0/8',
    smtpd_client_restrictions: 'permit_sasl_authenticated,reject',
    soft_bounce: 'yes',
  }
  const master = `25 inet n - n - - smtpd\n${Object.entries(said)
    .map(([name, value]) => `  -o ${name}=${value}\n`)
    .join('')}`
  const rows = reportOf(await folder('myhostname = a.example\ncompatibility_level = 3.6\nsoft_bounce = no\n', master))
  const fates = rows.filter(({ name }) => name.includes(' -o ')).map(({ name, fate }) => [name.split(' ')[2], fate])
  assert.equal(fates, [
    ['smtpd_helo_required', 'mapped'],
    ['mynetworks', 'mapped'],
    ['smtpd_client_restrictions', 'not yet'],
    ['soft_bounce', 'mapped'],
  ])
})
test('a list whose file cannot be read stops the start', async () => {
  const imported = await folder('myhostname = a.example\nmydestination = a.example, /nowhere/domains\n')
  assert.throws(() => configOf(imported), /mydestination: \/nowhere\/domains: /)
})
test('what Postfix would not start with stops the start, with its place', async () => {
  const imported = await folder('myhostname = a.example\nsmtpd_helo_required = maybe\n')
  assert.throws(() => configOf(imported), /main\.cf:2: .*smtpd_helo_required = maybe/)
  const told = await postern('check', '--postfix', imported.dir)
  assert.match(told.stderr, /smtpd_helo_required/)
})
test('levels of TLS: no folder gets less than it asks for', async () => {
  const master = `${MASTER}odd unix - - n - - smtp -o smtp_enforce_tls=yes\n  -o smtp_tls_enforce_peername=no\n`
  for (const [lines, level, odd] of [
    [[], 'none', 'encrypt'],
    [['smtp_use_tls = yes'], 'may', 'encrypt'],
    [['smtp_enforce_tls = yes'], 'verify', 'encrypt'],
    [['smtp_tls_security_level = dane'], 'dane', 'dane'],
    [['smtp_tls_security_level = secure'], 'secure', 'secure'],
    [['smtp_tls_per_site = inline:{ {a.example = MUST} }'], 'verify', 'verify'],
    [['smtp_tls_policy_maps = inline:{ {a.example = encrypt} }', 'smtp_tls_per_site = static:MUST'], 'none', 'encrypt'],
  ] as const) {
    const imported = await folder(`${['myhostname = a.example', ...lines].join('\n')}\n`, master)
    const levelOf = (name: string) => use(imported, name)!.options.smtpTlsSecurityLevel ?? 'none'
    assert.equal([levelOf('smtp'), levelOf('odd')], [level, odd], lines.join())
  }
})
test('what a next hop is found and told by', async () => {
  const lines = [
    'disable_dns_lookups = yes',
    'default_destination_recipient_limit = 0',
    'lmtp_lhlo_name = lhlo.example',
  ]
  const tables = ['smtp_sasl_password_maps = static:a:b', 'default_delivery_status_filter = static:2.0.0']
  const main = ['myhostname = a.example', ...lines, ...tables, 'relay_destination_recipient_limit = 0']
  const imported = await folder(`${main.join('\n')}\nlmtp_sasl_auth_enable = yes\n`, MASTER)
  const { smtp, lmtp, local, virtual } = Object.fromEntries(
    ['smtp', 'lmtp', 'local', 'virtual'].map((name) => [name, use(imported, name)!.options]),
  )
  assert.equal([smtp!.smtpDnsSupportLevel, smtp!.smtpHostLookup], ['disabled', ['dns']])
  assert.equal([smtp!.smtpDestinationRecipientLimit, lmtp!.smtpHeloName], [1_000_000, 'lhlo.example'])
  // a password counts only where logging in is asked for
  assert.is(smtp!.smtpSaslPasswordMaps, undefined)
  const filters = [
    smtp!.smtpDeliveryStatusFilter,
    local!.localDeliveryStatusFilter,
    virtual!.virtualDeliveryStatusFilter,
  ]
  assert.equal(
    filters,
    [1, 2, 3].map(() => ['static:2.0.0']),
  )
  assert.equal(use(imported, 'route-classes')!.options.mailboxTransports, ['local', 'virtual'])
  const { destinations } = use(imported, 'policy-limits')!.options as { destinations: Record<string, unknown> }
  assert.equal(destinations['relay:'], { recipients: 1_000_000 })
})
test('local(8)’s ways are followed only where local(8) has the class', async () => {
  for (const [transport, there] of [
    ['local:$myhostname', true],
    ['lmtp:unix:/run/lmtp', false],
  ] as const) {
    const imported = await folder(`myhostname = a.example\nlocal_transport = ${transport}\nluser_relay = x@b.example\n`)
    assert.is(use(imported, 'route-local') !== undefined, there, transport)
  }
})
test('written as YAML it says the same', async () => {
  const imported = await folder(`myhostname = a.example\n${WHOLE.join('\n')}\n`, MASTER)
  const file = path.join(imported.dir, 'postern.config.yaml')
  await writeFile(file, asYaml(imported))
  const [written, direct] = [await loadConfig({ path: file }), await loadConfig({ config: configOf(imported) })]
  assert.equal(
    written.uses.map(({ name, options, bind }) => ({ name, options, bind })),
    direct.uses.map(({ name, options, bind }) => ({ name, options, bind })),
  )
  const values = (loaded: typeof written) => Object.entries(loaded.values).map(([key, { value }]) => [key, value])
  assert.equal(values(written), values(direct))
})
test('written as TypeScript it checks', async () => {
  const imported = await folder(`myhostname = a.example\n${WHOLE.join('\n')}\n`, MASTER)
  const file = path.join(ROOT, 'test', `imported-${process.pid}.config.ts`)
  try {
    await postern('import', imported.dir, '--ts', '-o', file)
    assert.match((await postern('check', '-c', file)).stdout, /^ok: /)
  } finally {
    await rm(file, { force: true })
  }
})

for (const name of await readdir(DEBIAN))
  test(`what dpkg-reconfigure writes for ${name} checks as it stands`, async () => {
    const temp = await tempFolder()
    await cp(path.join(DEBIAN, name), temp.path, { recursive: true })
    const main = path.join(temp.path, 'main.cf')
    const text = (await readFile(main, 'utf8')).replaceAll('/etc/mailname', path.join(temp.path, 'mailname'))
    await writeFile(main, text.replaceAll('/etc/aliases', path.join(temp.path, 'aliases')))
    const told = await postern('check', '--postfix', temp.path)
    assert.match(told.stdout + told.stderr, /^ok: /m)
    assert.equal(
      reportOf(await importFolder(temp.path)).filter(({ fate }) => fate === 'unknown'),
      [],
    )
  })

// an option whose default is not the parameter's must always be written, or an imported folder would get Postern's way
test('rows that are written only when they are set have the parameter’s default', async () => {
  const imported = await folder('myhostname = a.example\ncompatibility_level = 3.6\n', MASTER)
  const { parameters } = imported
  const { rowsOf } = await import('../packages/postfix-config/src/import/map/all.ts')
  for (const { plugin, row, option } of rowsOf()) {
    if (row.always || typeof row.as === 'function' || plugin === '' || !parameters.known(row.parameter)) continue
    const module = (await import(`@postern/${plugin}`)) as { default: AnyPlugin }
    const schema = module.default.definition.options as typeof configSchema
    const read = schema.safeParse({})
    const ours = read.success ? (read.data as Record<string, unknown>)[option] : undefined
    if (ours === undefined) continue
    const theirs =
      row.as === 'time'
        ? parameters.time(row.parameter)
        : row.as === 'flag'
          ? parameters.bool(row.parameter)
          : row.as === 'count' || row.as === 'size'
            ? parameters.int(row.parameter)
            : undefined
    if (theirs !== undefined) assert.is(ours, theirs, `${plugin}.${option} and ${row.parameter}`)
  }
})

test.run()
