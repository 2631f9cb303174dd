/** Names that Postfix 3.7 no longer has: of 2.0 and later, and those that some books have. */
export interface Removed {
  /** the first version without it, where known */
  until?: string
  /** the parameter that does its work now */
  instead?: string
  /** the default of its successor asks for it, so what main.cf says of it counts as long as that one is not set */
  heeded?: boolean
  /** why nothing took its place */
  why?: string
}

export const REMOVED: ReadonlyMap<string, Removed> = new Map(
  Object.entries({
    authorized_verp_clients: { until: '2.1', instead: 'smtpd_authorized_verp_clients', heeded: true },
    enable_errors_to: { until: '2.2', why: 'Errors-To: is no longer used for reports' },
    extract_recipient_limit: { until: '2.1', why: 'sendmail -t has no limit of its own any more' },
    fallback_relay: { until: '2.3', instead: 'smtp_fallback_relay', heeded: true },
    fast_flush_policy: { instead: 'fast_flush_domains' },
    lmtp_cache_connection: { until: '2.3', instead: 'lmtp_connection_cache_on_demand' },
    lmtp_per_record_deadline: { until: '3.7', instead: 'lmtp_per_request_deadline', heeded: true },
    lmtpd_banner: { why: 'Postfix has no LMTP server' },
    lmtpd_error_sleep_time: { why: 'Postfix has no LMTP server' },
    lmtpd_hard_error_limit: { why: 'Postfix has no LMTP server' },
    lmtpd_junk_command_limit: { why: 'Postfix has no LMTP server' },
    lmtpd_recipient_limit: { why: 'Postfix has no LMTP server' },
    lmtpd_sasl_auth_enable: { why: 'Postfix has no LMTP server' },
    lmtpd_sasl_local_domain: { why: 'Postfix has no LMTP server' },
    lmtpd_sasl_security_options: { why: 'Postfix has no LMTP server' },
    lmtpd_soft_error_limit: { why: 'Postfix has no LMTP server' },
    lmtpd_timeout: { why: 'Postfix has no LMTP server' },
    mailbox_defer_errors: { until: '2.1', why: 'errors of the file system always defer' },
    maildir_defer_errors: { until: '2.1', why: 'errors of the file system always defer' },
    postscreen_blacklist_action: { until: '3.6', instead: 'postscreen_denylist_action', heeded: true },
    postscreen_dnsbl_ttl: { until: '3.1', instead: 'postscreen_dnsbl_max_ttl', heeded: true },
    postscreen_dnsbl_whitelist_threshold: {
      until: '3.6',
      instead: 'postscreen_dnsbl_allowlist_threshold',
      heeded: true,
    },
    postscreen_whitelist_interfaces: { until: '3.6', instead: 'postscreen_allowlist_interfaces', heeded: true },
    program_directory: { instead: 'daemon_directory' },
    sender_based_routing: { until: '2.3', instead: 'sender_dependent_relayhost_maps' },
    smtp_per_record_deadline: { until: '3.7', instead: 'smtp_per_request_deadline', heeded: true },
    smtp_skip_4xx_greeting: { until: '2.1', why: 'a greeting of 4xx is always skipped' },
    smtp_tls_cipherlist: { until: '2.3', instead: 'smtp_tls_mandatory_ciphers' },
    smtpd_client_connection_limit_exceptions: {
      until: '2.2',
      instead: 'smtpd_client_event_limit_exceptions',
      heeded: true,
    },
    smtpd_per_record_deadline: { until: '3.7', instead: 'smtpd_per_request_deadline', heeded: true },
    smtpd_sasl_application_name: { until: '2.3', instead: 'smtpd_sasl_path' },
    smtpd_tls_cipherlist: { until: '2.3', instead: 'smtpd_tls_mandatory_ciphers' },
    tls_dane_digest_agility: { until: '3.2', why: 'always on' },
    tls_dane_trust_anchor_digest_enable: { until: '3.2', why: 'always on' },
    tlsproxy_client_level: { until: '3.7', instead: 'tlsproxy_client_security_level', heeded: true },
    tlsproxy_client_policy: { until: '3.7', instead: 'tlsproxy_client_policy_maps', heeded: true },
    tlsproxy_tls_session_cache_timeout: { instead: 'smtpd_tls_session_cache_timeout' },
    transport_null_address_lookup_key: { why: 'the null address is looked up by the address that stands for it' },
    virtual_maps: { until: '2.0', instead: 'virtual_alias_maps', heeded: true },
  } satisfies Record<string, Removed>),
)
