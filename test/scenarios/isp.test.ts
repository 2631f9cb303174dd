/** The report on a folder of 290 parameters: what each line says is so. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { importFolder, reportOf } from '@postern/postfix-config'
import type { Imported, ReportRow } from '@postern/postfix-config'
import { folderOf } from './run.ts'

/** Looked at, one by one. */
const NOT_YET = [
  ...`
    debug_peer_list alias_maps smtpd_client_restrictions smtpd_helo_restrictions smtpd_sender_restrictions
    smtpd_recipient_restrictions smtpd_data_restrictions smtpd_etrn_restrictions smtpd_restriction_classes
    greylist strict rbl_reply_maps smtpd_authorized_verp_clients smtpd_authorized_xforward_hosts policyd-spf_time_limit smtpd_sender_login_maps header_checks mime_header_checks body_checks content_filter
    receive_override_options smtpd_milters non_smtpd_milters milter_default_action smtpd_tls_CAfile
    smtpd_tls_dh1024_param_file smtpd_tls_received_header smtpd_tls_mandatory_protocols smtpd_tls_protocols
    smtpd_tls_mandatory_ciphers smtpd_tls_auth_only smtp_tls_policy_maps smtp_tls_CApath
    smtp_tls_note_starttls_offer tls_ssl_options smtpd_sasl_auth_enable smtpd_sasl_type smtpd_sasl_path
    smtpd_sasl_local_domain broken_sasl_auth_clients smtp_sasl_auth_enable smtp_sasl_password_maps
    smtp_sasl_security_options smtp_connection_cache_destinations smtp_pix_workarounds smtp_host_lookup
  `
    .trim()
    .split(/\s+/),
  'submission/inet -o smtpd_sasl_auth_enable',
  'submission/inet -o smtpd_client_restrictions',
  'submission/inet -o content_filter',
  'submission/inet -o milter_macro_daemon_name',
  'smtps/inet -o smtpd_sasl_auth_enable',
  'smtps/inet -o smtpd_relay_restrictions',
  '628/inet',
  '127.0.0.1:10025/inet -o receive_override_options',
  'smtp-amavis/unix -o smtp_send_xforward_command',
  'smtp-amavis/unix -o disable_dns_lookups',
  'policyd-spf/unix',
  'maildrop/unix',
  'uucp/unix',
]
const test = suite('report')
let imported: Imported
let rows: readonly ReportRow[]
test.before(async () => {
  imported = await importFolder(folderOf('isp'))
  rows = reportOf(imported)
})
const of = (fate: ReportRow['fate']) => rows.filter((row) => row.fate === fate)

test('every line of the folder is told once', () => {
  const named = [...imported.main.last.keys(), ...imported.master.services.map(({ name, type }) => `${name}/${type}`)]
  const all = imported.master.services.flatMap(({ name, type, overrides }) =>
    overrides.map((o) => `${name}/${type} -o ${o.name}`),
  )
  assert.equal(rows.map(({ name }) => name).sort(), [...named, ...all].sort())
  assert.ok(imported.main.last.size > 280)
})
test('what is said not to be done is known not to be', () => {
  const names = of('not yet').map(({ name }) => name)
  assert.equal(
    names.filter((name) => !NOT_YET.includes(name)),
    [],
  )
})
test('an option that is named is in the configuration', () => {
  for (const { parameter, use, option } of imported.origins) {
    if (use.includes('.services.')) continue
    const [name, listener] = use.split('.onListener.') as [string, string | undefined]
    const found = imported.uses.find((one) => (one.as ?? one.plugin) === name)
    const options = use === '' ? imported.top : listener === undefined ? found?.options : found?.onListener?.[listener]
    // equal to what it is without the listener, it is not written a second time
    if (options === undefined && listener !== undefined) continue
    const value = option
      .split(/\.(?!:)/)
      .reduce<unknown>((o, key) => (o as Record<string, unknown> | undefined)?.[key], options)
    assert.ok(value !== undefined || listener !== undefined, `${parameter}: ${use}.${option}`)
  }
})
test('no line is mapped to nothing, and none needless without a reason', () => {
  for (const { name, note } of [...of('mapped'), ...of('needless')]) assert.ok(note.length > 3, name)
})
for (const [name, fate, note] of [
  ['smtpd_use_tsl', 'unknown', 'did you mean smtpd_use_tls?'],
  ['smtp_helo_name', 'mapped', 'smtpHeloName of smtp, slow, relay, smtp-amavis'],
  ['message_size_limit', 'mapped', /^messageSizeLimit, messageSizeLimit of smtpd-smtp, /],
  ['relay/unix -o smtp_helo_timeout', 'mapped', 'relay.smtpHeloTimeout'],
  ['127.0.0.1:10025/inet -o local_recipient_maps', 'mapped', /^route-verify\.onListener\..*\.localRecipientMaps$/],
  ['submission/inet -o syslog_name', 'mapped', 'ops-syslog.services.smtpd-submission.syslogName'],
  ['mynetworks_style', 'needless', 'mynetworks is set'],
  ['biff', 'needless', 'nobody is told by biff'],
  ['address_verify_poll_count', 'default', ''],
  ['content_filter', 'not yet', 'all mail waits in the queue'],
  ['alias_maps', 'not yet', /^mail for an alias waits in the queue/],
  ['strict', 'not yet', /^reject_unknown_client_hostname, reject_rbl_client/],
  ['uucp/unix', 'not yet', 'pipe(8)'],
  ['slow/unix', 'mapped', 'transport slow, deliver-smtp, processLimits.slow'],
  ['smtp/inet', 'mapped', 'listener smtpd-smtp, listen-smtp'],
] as const)
  test(`${name}: ${fate}`, () => {
    const row = rows.find((one) => one.name === name)!
    assert.is(row.fate, fate)
    if (typeof note === 'string') assert.is(row.note, note)
    else assert.match(row.note, note)
  })
test.run()
