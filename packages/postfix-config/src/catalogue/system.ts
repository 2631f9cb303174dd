/** Paths, processes, this host, the rest. Defaults of Postfix 3.7, unexpanded. */
import { bool, bytes, command, domains, int, list, one, path, service, some, text, time, transport } from './kinds.ts'
import type { Group } from './kinds.ts'

export const system: Group = {
  allow_min_user: bool('no'),
  alternate_config_directories: list(''),
  anvil_rate_time_unit: time('60s', { since: '2.2' }),
  anvil_status_update_time: time('600s', { since: '2.2' }),
  application_event_drain_time: time('100s', { since: '2.1' }),
  berkeley_db_create_buffer_size: bytes('16777216', { since: '2.0' }),
  berkeley_db_read_buffer_size: bytes('131072', { since: '2.0' }),
  broken_sasl_auth_clients: bool('no'),
  cleanup_replace_stray_cr_lf: bool('yes', { since: '3.7' }),
  cleanup_service_name: service('cleanup', { since: '2.0' }),
  compatibility_level: text('0', { since: '3.0' }),
  config_directory: path('', { computed: true }),
  connection_cache_protocol_timeout: time('5s', { since: '2.3' }),
  connection_cache_service_name: service('scache', { since: '2.2' }),
  connection_cache_status_update_time: time('600s', { since: '2.2' }),
  connection_cache_ttl_limit: time('2s', { since: '2.2' }),
  content_filter: transport(''),
  cyrus_sasl_config_path: path('', { since: '2.5' }),
  daemon_directory: path('/usr/lib/postfix/sbin'),
  daemon_table_open_error_is_fatal: bool('no', { since: '2.9' }),
  daemon_timeout: time('18000s'),
  data_directory: path('/var/lib/postfix', { since: '2.5' }),
  debug_peer_level: int('2'),
  debug_peer_list: domains(''),
  debugger_command: command(''),
  destination_concurrency_feedback_debug: bool('no', { since: '2.5' }),
  disable_dns_lookups: bool('no'),
  dns_ncache_ttl_fix_enable: bool('no', { since: '3.1' }),
  dnssec_probe: text('ns:.', { since: '3.6' }),
  fault_injection_code: int('0'),
  fork_attempts: int('5'),
  fork_delay: time('1s'),
  helpful_warnings: bool('yes', { since: '2.0' }),
  html_directory: path('/usr/share/doc/postfix/html'),
  import_environment: list(
    'MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME',
  ),
  inet_interfaces: list('all'),
  inet_protocols: some('all', ['all', 'ipv4', 'ipv6'], { since: '2.2' }),
  info_log_address_format: one('external', ['internal', 'external'], { since: '3.5' }),
  internal_mail_filter_classes: some('', ['bounce', 'notify'], { since: '2.3' }),
  ipc_idle: time('5s'),
  ipc_timeout: time('3600s'),
  ipc_ttl: time('1000s', { since: '2.1' }),
  known_tcp_ports: list('lmtp=24, smtp=25, smtps=submissions=465, submission=587', { since: '3.6' }),
  line_length_limit: int('2048'),
  lmdb_map_size: bytes('16777216', { since: '2.11' }),
  maillog_file: path('', { since: '3.4' }),
  maillog_file_compressor: command('gzip', { since: '3.4' }),
  maillog_file_prefixes: list('/var, /dev/stdout', { since: '3.4' }),
  maillog_file_rotate_suffix: text('%Y%m%d-%H%M%S', { since: '3.4' }),
  manpage_directory: path('/usr/share/man'),
  master_service_disable: list('', { since: '2.6' }),
  meta_directory: path('/etc/postfix', { since: '3.0' }),
  multi_instance_directories: list('', { since: '2.6' }),
  multi_instance_enable: bool('no', { since: '2.6' }),
  multi_instance_group: text('', { since: '2.6' }),
  multi_instance_name: text('', { since: '2.6' }),
  multi_instance_wrapper: command('', { since: '2.6' }),
  mydestination: domains('$myhostname, localhost.$mydomain, localhost'),
  myhostname: text('', { computed: true }),
  pickup_service_name: service('pickup', { since: '2.0' }),
  postlog_service_name: service('postlog', { since: '3.4' }),
  postlogd_watchdog_timeout: time('10s', { since: '3.4' }),
  postmulti_control_commands: list('reload flush', { since: '2.6' }),
  postmulti_start_commands: list('start', { since: '2.6' }),
  postmulti_stop_commands: list('stop abort drain quick-stop', { since: '2.6' }),
  process_id: int('', { readOnly: true, computed: true }),
  process_id_directory: path('pid'),
  process_name: text('', { readOnly: true, computed: true }),
  proxy_interfaces: list('', { since: '2.0' }),
  proxy_read_maps: list(
    '$local_recipient_maps $mydestination $virtual_alias_maps $virtual_alias_domains $virtual_mailbox_maps ' +
      '$virtual_mailbox_domains $relay_recipient_maps $relay_domains $canonical_maps $sender_canonical_maps ' +
      '$recipient_canonical_maps $relocated_maps $transport_maps $mynetworks $smtpd_sender_login_maps $sender_bcc_maps ' +
      '$recipient_bcc_maps $smtp_generic_maps $lmtp_generic_maps $alias_maps $smtpd_client_restrictions ' +
      '$smtpd_helo_restrictions $smtpd_sender_restrictions $smtpd_relay_restrictions $smtpd_recipient_restrictions ' +
      '$address_verify_sender_dependent_default_transport_maps $address_verify_sender_dependent_relayhost_maps ' +
      '$address_verify_transport_maps $fallback_transport_maps $lmtp_discard_lhlo_keyword_address_maps ' +
      '$lmtp_pix_workaround_maps $lmtp_sasl_password_maps $lmtp_tls_policy_maps $mailbox_command_maps ' +
      '$mailbox_transport_maps $postscreen_discard_ehlo_keyword_address_maps $rbl_reply_maps ' +
      '$sender_dependent_default_transport_maps $sender_dependent_relayhost_maps ' +
      '$smtp_discard_ehlo_keyword_address_maps $smtp_pix_workaround_maps $smtp_sasl_password_maps $smtp_tls_policy_maps ' +
      '$smtpd_discard_ehlo_keyword_address_maps $smtpd_milter_maps $virtual_gid_maps $virtual_uid_maps ' +
      '$local_login_sender_maps $postscreen_reject_footer_maps $smtpd_reject_footer_maps $tls_server_sni_maps ' +
      '$tlsproxy_client_policy_maps $default_delivery_status_filter $lmtp_delivery_status_filter $lmtp_dns_reply_filter ' +
      '$lmtp_reply_filter $local_delivery_status_filter $pipe_delivery_status_filter $postscreen_command_filter ' +
      '$smtp_delivery_status_filter $smtp_dns_reply_filter $smtp_reply_filter $smtpd_command_filter ' +
      '$smtpd_dns_reply_filter $virtual_delivery_status_filter $body_checks $header_checks $lmtp_body_checks ' +
      '$lmtp_header_checks $lmtp_mime_header_checks $lmtp_nested_header_checks $milter_header_checks ' +
      '$mime_header_checks $nested_header_checks $smtp_body_checks $smtp_header_checks $smtp_mime_header_checks ' +
      '$smtp_nested_header_checks',
    { since: '2.0' },
  ),
  proxy_write_maps: list(
    '$smtp_sasl_auth_cache_name $lmtp_sasl_auth_cache_name $address_verify_map $postscreen_cache_map',
    { since: '2.5' },
  ),
  proxymap_service_name: service('proxymap', { since: '2.6' }),
  proxywrite_service_name: service('proxywrite', { since: '2.6' }),
  readme_directory: path('/usr/share/doc/postfix'),
  receive_override_options: some(
    '',
    ['no_unknown_recipient_checks', 'no_address_mappings', 'no_header_body_checks', 'no_milters'],
    { since: '2.1' },
  ),
  respectful_logging: bool('${{$compatibility_level} <level {3.6} ? {no} : {yes}}', { since: '3.6' }),
  sample_directory: path('/etc/postfix'),
  send_cyrus_sasl_authzid: bool('no', { since: '2.4' }),
  sendmail_fix_line_endings: one('always', ['always', 'strict', 'never'], { since: '2.9' }),
  sendmail_path: path('/usr/sbin/sendmail'),
  service_name: text('', { since: '3.0', readOnly: true, computed: true }),
  service_throttle_time: time('60s'),
  setgid_group: text('postdrop'),
  shlib_directory: path('/usr/lib/postfix', { since: '3.0' }),
  showq_service_name: service('showq', { since: '2.0' }),
  stress: text('', { since: '2.5' }),
  syslog_facility: text('mail'),
  syslog_name: text('${multi_instance_name?{$multi_instance_name}:{postfix}}'),
  tcp_windowsize: bytes('0', { since: '2.6' }),
  trace_service_name: service('trace', { since: '2.1' }),
}
