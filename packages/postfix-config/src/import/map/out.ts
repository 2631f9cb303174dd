/** What a service of smtp(8), lmtp(8) or virtual(8) takes from the parameters: a transport's options. */
import { literal } from '../reader.ts'
import { protocolsOf } from '../interfaces.ts'
import { always, camelCase, rows } from '../rows.ts'
import type { Row } from '../rows.ts'
import type { Reader } from '../reader.ts'

const tlsLevel =
  (prefix: string) =>
  (r: Reader): string => {
    const level = r.text(`${prefix}_tls_security_level`).toLowerCase()
    if (level !== '') return level
    if (r.flag(`${prefix}_enforce_tls`)) return 'encrypt'
    return r.flag(`${prefix}_use_tls`) ? 'may' : 'none'
  }

/** `prefix`: smtp or lmtp. The options bear smtp's names for both. */
export const clientRows = (prefix: 'smtp' | 'lmtp'): readonly Row[] =>
  [
    ...rows(
      ['smtp_helo_name', 'text'],
      ['smtp_bind_address', 'text'],
      ['smtp_bind_address6', 'text'],
      ['smtp_bind_address_enforce', 'flag'],
      ['smtp_mx_address_limit', 'count'],
      ['smtp_mx_session_limit', 'count'],
      ['smtp_randomize_addresses', 'flag'],
      ['smtp_fallback_relay', 'text'],
      ['smtp_defer_if_no_mx_address_found', 'flag'],
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
    ).map((row) => ({
      ...row,
      option: camelCase(row.parameter),
      parameter: row.parameter.replace(/^smtp/, prefix),
    })),
    {
      parameter: `${prefix}_tls_security_level`,
      option: 'smtpTlsSecurityLevel',
      as: tlsLevel(prefix),
      with: [`${prefix}_use_tls`, `${prefix}_enforce_tls`],
    },
    ...rows(
      ['inet_protocols', (r: Reader, name: string) => protocolsOf(r.words(name))],
      ['proxy_interfaces', 'words'],
      ['ignore_mx_lookup_error', 'flag'],
      ['disable_mime_output_conversion', 'flag'],
      ['detect_8bit_encoding_header', 'flag', 'detect8bitEncodingHeader'],
      ['mime_nesting_limit', 'count'],
      ['mime_boundary_length_limit', 'count'],
      ...(prefix === 'lmtp' ? ([['lmtp_assume_final', 'flag']] as const) : []),
    ),
    ...always(['inet_interfaces', (r: Reader, name: string) => r.words(name).map(literal)]),
  ].filter(({ parameter }) => !(prefix === 'lmtp' && SMTP_ONLY.has(parameter)))
const SMTP_ONLY = new Set(['lmtp_fallback_relay', 'lmtp_helo_name', 'lmtp_defer_if_no_mx_address_found'])
