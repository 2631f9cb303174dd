/** What a service of smtpd(8) takes from the parameters: a listener's options. */
import { lower, whenRaw } from './conversions.ts'
import { literal } from '../reader.ts'
import { always, rows } from '../rows.ts'
import type { Mapping, Row } from '../rows.ts'
import type { Reader } from '../reader.ts'
import { isRefusal, rulesOf } from '../restrictions.ts'

/** `none` stands for "not at all"; empty falls back on the parameters that came before this one */
const tlsLevel = (r: Reader): string => {
  const level = r.text('smtpd_tls_security_level').toLowerCase()
  if (level !== '') return level
  if (r.flag('smtpd_enforce_tls')) return 'encrypt'
  return r.flag('smtpd_use_tls') ? 'may' : 'none'
}
/** a certificate that nobody is shown need not be read */
const whenTls = (r: Reader, name: string): unknown => {
  const file = r.text(name)
  if (file === '' || (tlsLevel(r) === 'none' && !r.flag('smtpd_tls_wrappermode'))) return undefined
  return literal(file)
}

/** `yes` came first, and means the same as normalize */
const bareNewline = (r: Reader, name: string): string => r.text(name).toLowerCase().replace(/^yes$/, 'normalize')

export const LISTENER: readonly Row[] = [
  ...always(['smtpd_forbid_bare_newline', bareNewline]),
  ...rows(
    ['smtpd_banner', (r, name) => literal(r.text(name))],
    ['smtpd_tls_cert_file', whenTls, 'tlsCertFile'],
    ['smtpd_tls_key_file', whenTls, 'tlsKeyFile'],
    ['smtpd_tls_wrappermode', 'flag', 'tlsWrapperMode'],
    ['smtpd_starttls_timeout', 'time'],
    ['message_size_limit', 'size'],
    ['smtpd_recipient_limit', 'count'],
    ['soft_bounce', 'flag'],
    ['smtpd_timeout', 'time'],
    ['smtpd_min_data_rate', 'count'],
    ['line_length_limit', 'count'],
    ['smtpd_soft_error_limit', 'count'],
    ['smtpd_hard_error_limit', 'count'],
    ['smtpd_error_sleep_time', 'time'],
    ['smtpd_junk_command_limit', 'count'],
    ['smtpd_recipient_overshoot_limit', 'count'],
    ['smtpd_client_connection_count_limit', 'count'],
    ['smtpd_client_connection_rate_limit', 'count'],
    ['smtpd_client_message_rate_limit', 'count'],
    ['smtpd_client_recipient_rate_limit', 'count'],
    ['anvil_rate_time_unit', 'time'],
    ['smtpd_forbid_bare_newline_reject_code', 'count'],
    ['smtpd_forbid_bare_newline_exclusions', 'networks'],
    ['smtpd_helo_required', 'flag'],
    ['strict_rfc821_envelopes', 'flag'],
    ['disable_vrfy_command', 'flag'],
    ['smtpd_discard_ehlo_keywords', lower],
    ['smtpd_discard_ehlo_keyword_address_maps', 'tables'],
    ['smtputf8_enable', 'flag'],
    ['smtpd_noop_commands', 'words'],
    ['smtpd_forbidden_commands', 'words'],
    ['smtpd_peername_lookup', 'flag'],
    ['smtpd_command_filter', 'table'],
    // its names are filled in when it is said
    ['smtpd_reject_footer', whenRaw],
  ),
  {
    parameter: 'smtpd_tls_security_level',
    as: (r) => (whenTls(r, 'smtpd_tls_cert_file') === undefined ? undefined : tlsLevel(r)),
    with: ['smtpd_use_tls', 'smtpd_enforce_tls'],
  },
  {
    parameter: 'smtpd_client_event_limit_exceptions',
    as: 'networks',
    // the default is mynetworks, whatever that is
    always: true,
  },
]

const WITH = ['smtpd_recipient_restrictions', 'smtpd_restriction_classes']
/** Lists that refuse nobody are no rules: Postfix does not serve with them, and strangers are deferred here. */
const relayRules = (r: Reader, name: string): string[] | undefined => {
  const rules = rulesOf(r, name)
  return [...rules, ...rulesOf(r, 'smtpd_recipient_restrictions')].some(isRefusal) ? rules : undefined
}

export const RELAY: Mapping = {
  plugin: 'policy-relay',
  perListener: true,
  rows: [
    { parameter: 'mynetworks', always: true, with: ['mynetworks_style', 'inet_interfaces'], as: 'networks' },
    {
      parameter: 'inet_interfaces',
      with: ['smtpd_relay_restrictions', 'smtpd_recipient_restrictions'],
      as: (r) =>
        [...rulesOf(r, 'smtpd_relay_restrictions'), ...rulesOf(r, 'smtpd_recipient_restrictions')].includes(
          'permit_inet_interfaces',
        )
          ? r.own()
          : undefined,
    },
    { parameter: 'smtpd_relay_restrictions', always: true, with: WITH, as: relayRules },
    { parameter: 'smtpd_recipient_restrictions', with: ['smtpd_restriction_classes'], as: rulesOf },
    ...rows(
      ['allow_untrusted_routing', 'flag'],
      ['relay_domains_reject_code', 'count'],
      ['reject_code', 'count'],
      ['defer_code', 'count'],
    ),
  ],
}
