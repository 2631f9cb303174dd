/** What a service of smtp(8), lmtp(8) or virtual(8) takes from the parameters: a transport's options. */
import { portNumber } from '../../endpoint.ts'
import { literal } from '../reader.ts'
import { protocolsOf } from '../interfaces.ts'
import { lower } from './conversions.ts'
import { always, camelCase, rows } from '../rows.ts'
import type { Row } from '../rows.ts'
import type { Reader } from '../reader.ts'

type Prefix = 'smtp' | 'lmtp'

const tlsLevel =
  (prefix: Prefix) =>
  (r: Reader): string => {
    // a table of the old form is not read: what it may ask for must not be fallen short of
    if (r.text(`${prefix}_tls_per_site`) !== '' && r.text(`${prefix}_tls_policy_maps`) === '') return 'verify'
    const level = r.text(`${prefix}_tls_security_level`).toLowerCase()
    if (level !== '') return level
    if (r.flag(`${prefix}_enforce_tls`)) return r.flag(`${prefix}_tls_enforce_peername`) ? 'verify' : 'encrypt'
    return r.flag(`${prefix}_use_tls`) ? 'may' : 'none'
  }
const isWithoutDns = (prefix: Prefix, r: Reader): boolean => {
  const level = r.text(`${prefix}_dns_support_level`).toLowerCase()
  return level === '' ? r.flag('disable_dns_lookups') : level === 'disabled'
}
const port = (r: Reader, name: string): number => {
  const number = portNumber(r.text(name), r.parameters)
  if (number === undefined) throw new Error(`unknown service: ${r.text(name)}/tcp`)
  return number
}
/** 0 says that there is none. */
export const ANY_NUMBER = 1_000_000
const limit = (r: Reader, name: string): number => r.count(name) || ANY_NUMBER
/** A status filter of its own, or that of all. */
export const statusFilterRow = (parameter: string, option = camelCase(parameter)): Row => ({
  parameter,
  option,
  as: 'tables',
  with: ['default_delivery_status_filter'],
})

/** `prefix`: smtp or lmtp. The options bear smtp's names for both. */
export const clientRows = (prefix: Prefix): readonly Row[] => {
  const own = (row: Row): Row => ({
    ...row,
    option: row.option ?? camelCase(row.parameter),
    parameter: nameFor(prefix, row.parameter),
  })
  return [
    ...COMMON.map(own),
    ...(prefix === 'smtp' ? SMTP_ONLY : LMTP_ONLY),
    statusFilterRow(`${prefix}_delivery_status_filter`, 'smtpDeliveryStatusFilter'),
    {
      parameter: `${prefix}_tls_security_level`,
      option: 'smtpTlsSecurityLevel',
      as: tlsLevel(prefix),
      with: ['use_tls', 'enforce_tls', 'tls_enforce_peername', 'tls_per_site'].map((name) => `${prefix}_${name}`),
    },
    {
      parameter: `${prefix}_dns_support_level`,
      option: 'smtpDnsSupportLevel',
      as: (r, name) => (isWithoutDns(prefix, r) ? 'disabled' : r.text(name).toLowerCase() || 'enabled'),
      with: ['disable_dns_lookups'],
    },
    {
      parameter: `${prefix}_host_lookup`,
      option: 'smtpHostLookup',
      as: (r, name) => lower(r, name),
      always: true,
    },
    ...rows(
      // what is said of one transport is in policy-limits, and counts more
      ['default_destination_recipient_limit', limit, 'smtpDestinationRecipientLimit'],
      ['default_destination_concurrency_limit', limit, 'smtpDestinationConcurrencyLimit'],
      ['inet_protocols', (r: Reader, name: string) => protocolsOf(r.words(name))],
      ['proxy_interfaces', 'words'],
      ['ignore_mx_lookup_error', 'flag'],
      ['disable_mime_output_conversion', 'flag'],
      ['detect_8bit_encoding_header', 'flag', 'detect8bitEncodingHeader'],
      ['mime_nesting_limit', 'count'],
      ['mime_boundary_length_limit', 'count'],
    ),
    ...always(['inet_interfaces', (r: Reader, name: string) => r.words(name).map(literal)]),
  ]
}
/** LMTP has LHLO in place of EHLO. */
const nameFor = (prefix: Prefix, parameter: string): string =>
  prefix === 'smtp' ? parameter : parameter.replace(/^smtp/, 'lmtp').replace(/_(helo|ehlo)_/, '_lhlo_')

const COMMON: readonly Row[] = rows(
  ['smtp_helo_name', 'text'],
  ['smtp_bind_address', 'text'],
  ['smtp_bind_address6', 'text'],
  ['smtp_bind_address_enforce', 'flag'],
  ['smtp_mx_address_limit', 'count'],
  ['smtp_mx_session_limit', 'count'],
  ['smtp_randomize_addresses', 'flag'],
  ['smtp_fallback_relay', 'text'],
  ['smtp_skip_5xx_greeting', 'flag'],
  ['smtp_connect_timeout', 'time'],
  ['smtp_helo_timeout', 'time'],
  ['smtp_mail_timeout', 'time'],
  ['smtp_rcpt_timeout', 'time'],
  ['smtp_data_init_timeout', 'time'],
  ['smtp_data_xfer_timeout', 'time'],
  ['smtp_data_done_timeout', 'time'],
  ['smtp_connection_cache_on_demand', 'flag'],
  ['smtp_connection_cache_time_limit', 'time'],
  ['smtp_connection_reuse_count_limit', 'count'],
  ['smtp_connection_reuse_time_limit', 'time'],
  ['smtp_line_length_limit', 'count'],
  ['smtp_discard_ehlo_keywords', 'words'],
  ['smtp_discard_ehlo_keyword_address_maps', 'tables'],
  ['smtp_reply_filter', 'table'],
  ['smtp_quote_rfc821_envelope', 'flag', 'smtpQuoteRfc821Envelope'],
  ['smtp_tls_policy_maps', 'tables'],
  ['smtp_tls_mandatory_protocols', 'text'],
  ['smtp_tcp_port', port],
  ['smtp_sender_dependent_authentication', 'flag'],
  [
    'smtp_sasl_password_maps',
    (r, name) => (r.flag(name.replace('password_maps', 'auth_enable')) ? r.tables(name) : undefined),
  ],
)
const SMTP_ONLY: readonly Row[] = rows(
  ['smtp_defer_if_no_mx_address_found', 'flag'],
  ['smtp_always_send_ehlo', 'flag'],
  ['smtp_never_send_ehlo', 'flag'],
  ['best_mx_transport', 'text'],
)
const LMTP_ONLY: readonly Row[] = rows(['lmtp_assume_final', 'flag'])
