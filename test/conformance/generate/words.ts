/** What generated cases are made of. Domains: local, of each other class, of elsewhere. */
import type { Pick } from './pick.ts'

const DOMAINS = [
  ...['postern.example', 'mail.postern.example', 'localhost', 'Postern.Example', 'sub.postern.example'],
  ...[
    'va.example',
    'vm.example',
    'relay.example',
    'host.relay.example',
    'remote.example',
    'other.example',
    'Remote.Example',
  ],
]
const USERS = [
  'rich',
  'katie',
  'barbara',
  'nouser',
  'info',
  'x',
  'list',
  'Rich',
  'rich+ext',
  'x+a+b',
  'info-tag',
  'postmaster',
]
const ODD = [
  ...[
    '"a b"@remote.example',
    '"rich"@postern.example',
    'x%remote.example@postern.example',
    'remote.example!x',
    'x@remote.example.',
  ],
  ...[
    '@r1.example:x@remote.example',
    'rich',
    'x@host',
    'x@[127.0.0.1]',
    'x@[192.0.2.77]',
    'x@y@remote.example',
    'rich@',
    '@remote.example',
  ],
  ...[
    '"x@y"@remote.example',
    'x..y@remote.example',
    'x@remote..example',
    'root',
    'x%y',
    '-x@remote.example',
    'MAILER-DAEMON',
  ],
]
/** without brackets */
export function address(pick: Pick, odd = 0.15): string {
  return pick.chance(odd) ? pick.one(ODD) : `${pick.one(USERS)}@${pick.one(DOMAINS)}`
}
export const sender = (pick: Pick): string =>
  pick.chance(0.1) ? '' : pick.chance(0.6) ? `${pick.one(['a', 'S', 'b+x'])}@sender.example` : address(pick)

/** An inline table; a key or a result with a blank or a brace would need more quoting than it is worth. */
const table = (pick: Pick, key: () => string, value: () => string): string => {
  const entries = Array.from({ length: pick.count(1, 4) }, () => [key(), value()] as const)
  const good = entries.filter(([k, v]) => !/[\s{}",]/.test(k) && !/[{}"]/.test(v))
  return `inline:{${[...new Map(good)].map(([k, v]) => `{${k} = ${v}}`).join(', ')}, {never@never.example = x@never.example}}`
}
/** user@domain, user, @domain */
const key = (pick: Pick) => () => {
  const a = address(pick, 0).toLowerCase()
  const at = a.indexOf('@')
  return pick.one([a, a, a.slice(0, at), a.slice(at)])
}
const target = (pick: Pick) => () =>
  pick.one([address(pick, 0.05), address(pick, 0), pick.one(['katie', 'x@remote.example', '@other.example'])])
const targets = (pick: Pick) => () =>
  pick
    .some([0, 1], 1, 2)
    .map(() => target(pick)())
    .join(' ')
const domainKey = (pick: Pick) => () =>
  pick.one([
    'relay.example',
    '.relay.example',
    'remote.example',
    'other.example',
    'x@remote.example',
    '*',
    'va.example',
  ])
const route = (pick: Pick) => () =>
  pick.one([
    'smtp:[127.0.0.8]',
    'discard:',
    'error:no mail here',
    'error:5.7.1 go away',
    'retry:4.3.2 later',
    ':[127.0.0.8]',
    'smtp:',
    'local:',
    'relay:[127.0.0.9]',
  ])
const map = (name: string, k: (pick: Pick) => () => string, v: (pick: Pick) => () => string): Setting => [
  name,
  (pick) => table(pick, k(pick), v(pick)),
]
const words = (name: string, ...values: string[]): Setting => [name, (pick) => pick.one(values)]
const flag = (name: string): Setting => words(name, 'yes', 'no')

type Setting = readonly [parameter: string, value: (pick: Pick) => string]
/** By what it is about; a case has some of one or two groups. */
export const SETTINGS: Readonly<Record<string, readonly Setting[]>> = {
  smtp: [
    words('smtpd_recipient_limit', '2', '3'),
    words('message_size_limit', '5000'),
    words(
      'smtpd_discard_ehlo_keywords',
      'dsn',
      'size, 8bitmime',
      'pipelining chunking',
      'silent-discard, etrn',
      'smtputf8',
    ),
    words('smtpd_banner', '$myhostname ESMTP', '${myhostname} hello $mail_name'),
    words('smtpd_reject_footer', 'call $server_name', '\\c. see $client_address'),
    words('smtpd_noop_commands', 'foo, bar', 'vrfy'),
    words('smtpd_forbidden_commands', 'vrfy', 'foo'),
    words('smtpd_soft_error_limit', '3'),
    words('smtpd_hard_error_limit', '4', '6'),
    words('smtpd_delay_reject', 'no'),
    words('parent_domain_matches_subdomains', '', 'relay_domains, mynetworks'),
    ...[
      'smtpd_helo_required',
      'disable_vrfy_command',
      'strict_rfc821_envelopes',
      'allow_min_user',
      'smtputf8_enable',
    ].map(flag),
    ...['soft_bounce', 'allow_untrusted_routing', 'resolve_dequoted_address', 'resolve_null_domain'].map(flag),
  ],
  class: [
    words(
      'mydestination',
      '',
      'localhost',
      '$myhostname',
      'postern.example, .postern.example',
      '$myhostname, localhost, $mydomain, other.example',
    ),
    words(
      'relay_domains',
      '',
      'relay.example',
      '.relay.example',
      'relay.example, host.relay.example',
      '$mydestination, relay.example',
    ),
    words('local_recipient_maps', '', 'inline:{{rich = x}, {katie@postern.example = x}}', 'unix:passwd.byname'),
    words('relay_recipient_maps', '', 'inline:{{x@relay.example = y}, {@host.relay.example = y}}'),
    words('smtpd_reject_unlisted_recipient', 'no'),
    words('smtpd_reject_unlisted_sender', 'yes'),
    words('unknown_local_recipient_reject_code', '450', '551'),
    words('unknown_relay_recipient_reject_code', '450'),
    words('unknown_virtual_alias_reject_code', '450', '553'),
    words('unknown_virtual_mailbox_reject_code', '450'),
    words('relay_domains_reject_code', '550', '454'),
    words('show_user_unknown_table_name', 'no'),
    words(
      'smtpd_relay_restrictions',
      'permit_mynetworks, reject_unauth_destination',
      'permit_mynetworks, defer',
      'reject_unauth_destination',
      'permit_mynetworks, permit_auth_destination, reject',
    ),
    words('mynetworks', '127.0.0.0/8, 192.0.2.0/24', '192.0.2.10', '127.0.0.1/32 !192.0.2.10 192.0.2.0/24'),
  ],
  rw: [
    map('canonical_maps', key, target),
    map('sender_canonical_maps', key, target),
    map('recipient_canonical_maps', key, target),
    words(
      'canonical_classes',
      'envelope_sender, header_sender',
      'envelope_recipient header_recipient',
      'envelope_sender, envelope_recipient',
    ),
    words('masquerade_domains', 'postern.example', '!mail.postern.example postern.example', 'relay.example'),
    words(
      'masquerade_classes',
      'envelope_sender, envelope_recipient, header_sender, header_recipient',
      'header_sender',
    ),
    words('masquerade_exceptions', 'rich', 'root, katie'),
    map('smtp_generic_maps', key, target),
    words('recipient_delimiter', '+', '-', '+-'),
    words('propagate_unmatched_extensions', '', 'canonical, virtual, generic', 'virtual'),
    words('always_bcc', 'barbara@postern.example', 'x@remote.example'),
    map('sender_bcc_maps', key, target),
    map('recipient_bcc_maps', key, target),
    map('virtual_alias_maps', key, targets),
    words('myorigin', '$myhostname', '$mydomain', 'origin.example'),
    words('remote_header_rewrite_domain', 'domain.invalid', 'x.example'),
    words('local_header_rewrite_clients', '', 'permit_mynetworks', 'static:all'),
    words('undisclosed_recipients_header', '', 'To: nobody'),
    words(
      'message_drop_headers',
      'bcc, resent-bcc',
      'subject',
      'bcc, content-length, resent-bcc, return-path, received',
    ),
    ...[
      'append_dot_mydomain',
      'append_at_myorigin',
      'swap_bangpath',
      'allow_percent_hack',
      'always_add_missing_headers',
    ].map(flag),
    ...['enable_original_recipient'].map(flag),
  ],
  route: [
    map('transport_maps', domainKey, route),
    map('relocated_maps', key, () => () => 'new@elsewhere.example'),
    map(
      'sender_dependent_relayhost_maps',
      () => () => 'a@sender.example',
      () => () => '[127.0.0.8]',
    ),
    words('default_transport', 'smtp:[127.0.0.8]', 'error:no way out'),
    words('relay_transport', 'smtp:[127.0.0.8]', 'discard'),
    words('local_transport', 'error:local delivery is disabled', 'smtp:[127.0.0.8]'),
    words('default_destination_recipient_limit', '1', '2'),
    words('smtp_line_length_limit', '80', '0'),
    words('defer_transports', 'smtp', 'local'),
    words('smtp_helo_name', 'client.postern.example'),
    words('smtp_discard_ehlo_keywords', 'dsn', 'size', '8bitmime, pipelining'),
    flag('smtp_always_send_ehlo'),
  ],
  bounce: [
    words('bounce_size_limit', '1', '300'),
    words('notify_classes', 'bounce', 'resource, software, bounce, 2bounce', 'policy, protocol'),
    words('bounce_notice_recipient', 'barbara@postern.example'),
    words('2bounce_notice_recipient', 'barbara@postern.example'),
    words('error_notice_recipient', 'barbara@postern.example'),
    words('header_size_limit', '200', '400'),
    words('mail_name', 'Mailer'),
    words('double_bounce_sender', 'twice'),
    words('empty_address_recipient', 'NOBODY'),
  ],
  msg: [
    words('strict_7bit_headers', 'yes', 'no'),
    words('mime_nesting_limit', '1', '2', '3'),
    words('mime_boundary_length_limit', '5', '20'),
    words('line_length_limit', '100', '998'),
    words('smtp_line_length_limit', '80', '0'),
    words('message_strip_characters', '\\0', 'z'),
    words('hopcount_limit', '1', '2'),
    words('smtp_discard_ehlo_keywords', '8bitmime', 'smtputf8', 'dsn'),
    words('smtputf8_autodetect_classes', 'all', 'sendmail, verify', ''),
    ...[
      'strict_8bitmime',
      'strict_8bitmime_body',
      'strict_mime_encoding_domain',
      'disable_mime_input_processing',
      'disable_mime_output_conversion',
      'detect_8bit_encoding_header',
      'enable_long_queue_ids',
      'always_add_missing_headers',
    ].map(flag),
  ],
  cli: [
    words('message_size_limit', '5000'),
    words('local_header_rewrite_clients', '', 'permit_inet_interfaces'),
    words('header_from_format', 'standard', 'obsolete'),
    words('myorigin', '$myhostname', '$mydomain', 'origin.example'),
    words('authorized_submit_users', 'rich, root', 'static:all'),
    words('authorized_mailq_users', 'root', 'static:anyone'),
    words('sender_canonical_maps', 'inline:{{katie = k@sender.example}}', 'regexp:{{/^katie@/ k@sender.example}}'),
    words('sendmail_fix_line_endings', 'never', 'strict', 'always'),
    words('remote_header_rewrite_domain', 'domain.invalid'),
    ...['soft_bounce', 'append_at_myorigin', 'always_add_missing_headers', 'smtputf8_enable'].map(flag),
  ],
}
