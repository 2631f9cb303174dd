/** The catalogue against postconf of Debian, and against the names that the books have. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CATALOGUE, Parameters, parseMainCf, REMOVED, thisHost } from '@postern/postfix-config'
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { oneBlank, postconf, valuesOf } from './support/postconf.ts'

const KINDS = readFileSync(new URL('../src/catalogue/kinds.ts', import.meta.url), 'utf8')
/** of the host, the process, the packaging */
const OTHERWISE = new Set(['process_id', 'process_name', 'config_directory', 'mail_version', 'mail_release_date'])

const known = suite('catalogue')
known('every default is of its own kind', () => {
  const parameters = new Parameters(parseMainCf('', '/x/main.cf'), [], { host: thisHost() })
  for (const [name, { kind, values, readOnly }] of CATALOGUE) {
    if (kind === 'bool') assert.type(parameters.bool(name), 'boolean', name)
    if ((kind === 'int' || kind === 'bytes') && !readOnly) assert.type(parameters.size(name), 'number', name)
    if (kind === 'time') assert.type(parameters.time(name), 'number', name)
    const words = kind === 'one' ? [parameters.get(name)] : kind === 'some' ? parameters.list(name) : []
    for (const word of words) assert.ok(values?.includes(word), `${name}: ${word}`)
  }
})
known('every kind is used', () => {
  const kinds = [...KINDS.slice(0, KINDS.indexOf('export interface')).matchAll(/\| '(\w+)'/g)].map(([, kind]) => kind)
  assert.equal(
    kinds.filter((kind) => ![...CATALOGUE.values()].some((k) => k.kind === kind)),
    [],
  )
})
known('units are those of the manual', () => {
  const units: Record<string, string> = {
    maximal_queue_lifetime: 'd',
    bounce_queue_lifetime: 'd',
    delay_warning_time: 'h',
    address_verify_positive_expire_time: 'd',
    address_verify_positive_refresh_time: 'd',
    address_verify_negative_refresh_time: 'h',
    queue_run_delay: 's',
    fast_flush_purge_time: 'd',
    fast_flush_refresh_time: 'h',
    daemon_timeout: 's',
  }
  for (const [name, unit] of Object.entries(units)) assert.is(CATALOGUE.get(name)?.unit, unit, name)
})
known('a removed name is no name of today, and what it became is one', () => {
  for (const [name, { instead, why }] of REMOVED) {
    assert.not(CATALOGUE.has(name), name)
    assert.ok(instead === undefined ? why : CATALOGUE.has(instead), name)
  }
})
known('the names of 2.0 and of the books are here or among the removed', () => {
  for (const name of OLD.split(/\s+/)) assert.ok(CATALOGUE.has(name) || REMOVED.has(name), name)
})

const live = suite('catalogue and postconf -d')
let dir: string
live.before(() => {
  dir = mkdtempSync(join(tmpdir(), 'postfix-config-'))
  for (const file of ['main.cf', 'master.cf']) writeFileSync(join(dir, file), '')
})
live.after(() => rmSync(dir, { recursive: true }))
const own = () => new Parameters(parseMainCf('', join(dir, 'main.cf')))
live('the same names', () => {
  assert.equal([...valuesOf(postconf(dir, '-d')).keys()].sort(), [...CATALOGUE.keys()].sort())
})
live('the same defaults, as written and expanded', () => {
  const parameters = own()
  for (const options of [['-d'], ['-x']]) {
    const wrong = [...valuesOf(postconf(dir, ...options))].filter(([name, value]) => {
      if (OTHERWISE.has(name)) return false
      const written = options[0] === '-d' ? parameters.raw(name) : parameters.get(name)
      return oneBlank(written ?? '') !== oneBlank(value)
    })
    assert.equal(wrong, [])
  }
})
live('what is expanded only when it is used', () => {
  const odd = new Set([
    'config_directory',
    'compatibility_level',
    'mynetworks_style',
    'inet_interfaces',
    'inet_protocols',
  ])
  const asked = [...CATALOGUE.keys()].filter((name) => !odd.has(name) && !CATALOGUE.get(name)!.readOnly)
  writeFileSync(join(dir, 'main.cf'), `zz = Q\n${asked.map((name) => `${name} = x$(zz)y`).join('\n')}\n`)
  const values = valuesOf(postconf(dir, '-x'))
  writeFileSync(join(dir, 'main.cf'), '')
  const raw = asked.filter((name) => values.get(name) === 'x$(zz)y')
  assert.equal(
    raw,
    asked.filter((name) => CATALOGUE.get(name)!.raw),
  )
  assert.is(asked.filter((name) => values.get(name) === 'xQy').length, asked.length - raw.length)
})

/** Postfix 2.0.13 and what Dent, Blum and the Webmin manual name besides. */
const OLD = `2bounce_notice_recipient access_map_reject_code alias_database alias_maps allow_mail_to_commands allow_mail_to_files
allow_min_user allow_percent_hack allow_untrusted_routing alternate_config_directories always_bcc append_at_myorigin
append_dot_mydomain authorized_verp_clients berkeley_db_create_buffer_size berkeley_db_read_buffer_size
best_mx_transport biff body_checks body_checks_size_limit bounce_notice_recipient bounce_service_name
bounce_size_limit broken_sasl_auth_clients canonical_maps cleanup_service_name command_directory
command_expansion_filter command_time_limit config_directory content_filter daemon_directory daemon_timeout
debug_peer_level debug_peer_list debugger_command default_database_type default_delivery_slot_cost
default_delivery_slot_discount default_delivery_slot_loan default_destination_concurrency_limit
default_destination_recipient_limit default_extra_recipient_limit default_minimum_delivery_slots default_privs
default_process_limit default_rbl_reply default_recipient_limit default_transport default_verp_delimiters defer_code
defer_service_name defer_transports delay_notice_recipient delay_warning_time deliver_lock_attempts
deliver_lock_delay disable_dns_lookups disable_mime_input_processing disable_mime_output_conversion
disable_verp_bounces disable_vrfy_command double_bounce_sender duplicate_filter_limit empty_address_recipient
error_notice_recipient error_service_name expand_owner_alias export_environment extract_recipient_limit
fallback_relay fallback_transport fast_flush_domains fast_flush_policy fast_flush_purge_time fast_flush_refresh_time
flush_service_name fork_attempts fork_delay forward_expansion_filter hash_queue_depth hash_queue_names
header_address_token_limit header_checks header_size_limit helpful_warnings home_mailbox hopcount_limit
ignore_mx_lookup_error import_environment in_flow_delay inet_interfaces initial_destination_concurrency
invalid_hostname_reject_code ipc_idle ipc_timeout line_length_limit lmtp_cache_connection lmtp_connect_timeout
lmtp_data_done_timeout lmtp_data_init_timeout lmtp_data_xfer_timeout lmtp_lhlo_timeout lmtp_mail_timeout
lmtp_quit_timeout lmtp_rcpt_timeout lmtp_rset_timeout lmtp_sasl_auth_enable lmtp_sasl_password_maps
lmtp_sasl_security_options lmtp_skip_quit_response lmtp_tcp_port lmtpd_banner lmtpd_error_sleep_time
lmtpd_hard_error_limit lmtpd_junk_command_limit lmtpd_recipient_limit lmtpd_sasl_auth_enable lmtpd_sasl_local_domain
lmtpd_sasl_security_options lmtpd_soft_error_limit lmtpd_timeout local_command_shell
local_destination_concurrency_limit local_destination_recipient_limit local_recipient_maps local_transport
luser_relay mail_name mail_owner mail_spool_directory mail_version mailbox_command mailbox_command_maps
mailbox_defer_errors mailbox_delivery_lock mailbox_size_limit mailbox_transport maildir_defer_errors mailq_path
manpage_directory maps_rbl_domains maps_rbl_reject_code masquerade_classes masquerade_domains masquerade_exceptions
max_idle max_use maximal_backoff_time maximal_queue_lifetime message_size_limit mime_boundary_length_limit
mime_header_checks mime_nesting_limit minimal_backoff_time mydestination mydomain myhostname mynetworks
mynetworks_style myorigin nested_header_checks newaliases_path non_fqdn_reject_code notify_classes
owner_request_special parent_domain_matches_subdomains permit_mx_backup_networks pickup_service_name
prepend_delivered_header process_id_directory program_directory propagate_unmatched_extensions proxy_interfaces
proxy_read_maps qmgr_clog_warn_time qmgr_fudge_factor qmgr_message_active_limit qmgr_message_recipient_limit
qmgr_message_recipient_minimum qmqpd_authorized_clients qmqpd_error_delay qmqpd_timeout queue_directory
queue_file_attribute_count_limit queue_minfree queue_run_delay queue_service_name rbl_reply_maps readme_directory
recipient_canonical_maps recipient_delimiter reject_code relay_domains relay_domains_reject_code
relay_recipient_maps relay_transport relayhost relocated_maps require_home_directory resolve_dequoted_address
rewrite_service_name sample_directory sender_based_routing sender_canonical_maps sendmail_path service_throttle_time
setgid_group show_user_unknown_table_name showq_service_name smtp_always_send_ehlo smtp_bind_address
smtp_connect_timeout smtp_data_done_timeout smtp_data_init_timeout smtp_data_xfer_timeout smtp_helo_name
smtp_helo_timeout smtp_line_length_limit smtp_mail_timeout smtp_never_send_ehlo smtp_pix_workaround_delay_time
smtp_pix_workaround_threshold_time smtp_quit_timeout smtp_randomize_addresses smtp_rcpt_timeout
smtp_sasl_auth_enable smtp_sasl_password_maps smtp_sasl_security_options smtp_skip_4xx_greeting
smtp_skip_5xx_greeting smtp_skip_quit_response smtpd_banner smtpd_client_restrictions smtpd_data_restrictions
smtpd_delay_reject smtpd_error_sleep_time smtpd_etrn_restrictions smtpd_expansion_filter smtpd_hard_error_limit
smtpd_helo_required smtpd_helo_restrictions smtpd_history_flush_threshold smtpd_junk_command_limit
smtpd_noop_commands smtpd_null_access_lookup_key smtpd_recipient_limit smtpd_recipient_restrictions
smtpd_restriction_classes smtpd_sasl_auth_enable smtpd_sasl_local_domain smtpd_sasl_security_options
smtpd_sender_login_maps smtpd_sender_restrictions smtpd_soft_error_limit smtpd_timeout soft_bounce stale_lock_time
strict_7bit_headers strict_8bitmime strict_8bitmime_body strict_mime_encoding_domain strict_rfc821_envelopes
sun_mailtool_compatibility swap_bangpath syslog_facility syslog_name transport_maps
transport_null_address_lookup_key transport_retry_time trigger_timeout undisclosed_recipients_header
unknown_address_reject_code unknown_client_reject_code unknown_hostname_reject_code
unknown_local_recipient_reject_code unknown_relay_recipient_reject_code unknown_virtual_alias_reject_code
unknown_virtual_mailbox_reject_code verp_delimiter_filter virtual_alias_domains virtual_alias_maps virtual_gid_maps
virtual_mailbox_base virtual_mailbox_domains virtual_mailbox_limit virtual_mailbox_lock virtual_mailbox_maps
virtual_maps virtual_minimum_uid virtual_transport virtual_uid_maps`

known.run()
if (!missingPrograms('/usr/sbin/postconf')) live.run()
