/** Milters. Defaults of Postfix 3.7, unexpanded. */
import { int, list, one, tables, text, time } from './kinds.ts'
import type { Group } from './kinds.ts'

export const milter: Group = {
  milter_command_timeout: time('30s', { since: '2.3' }),
  milter_connect_macros: list('j {daemon_name} {daemon_addr} v _', { since: '2.3' }),
  milter_connect_timeout: time('30s', { since: '2.3' }),
  milter_content_timeout: time('300s', { since: '2.3' }),
  milter_data_macros: list('i', { since: '2.3' }),
  milter_default_action: one('tempfail', ['accept', 'reject', 'tempfail', 'quarantine', 'shutdown'], { since: '2.3' }),
  milter_end_of_data_macros: list('i', { since: '2.3' }),
  milter_end_of_header_macros: list('i', { since: '2.5' }),
  milter_header_checks: tables('', { since: '2.7' }),
  milter_helo_macros: list('{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}', { since: '2.3' }),
  milter_macro_daemon_name: text('$myhostname', { since: '2.3' }),
  milter_macro_defaults: list('', { since: '3.1' }),
  milter_macro_v: text('$mail_name $mail_version', { since: '2.3' }),
  milter_mail_macros: list('i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}', {
    since: '2.3',
  }),
  milter_protocol: int('6', { since: '2.3' }),
  milter_rcpt_macros: list('i {rcpt_addr} {rcpt_host} {rcpt_mailer}', { since: '2.3' }),
  milter_unknown_command_macros: list('', { since: '2.3' }),
  non_smtpd_milters: list('', { since: '2.3' }),
  smtpd_milter_maps: tables('', { since: '3.2' }),
  smtpd_milters: list('', { since: '2.3' }),
}
