/** Address verification. Defaults of Postfix 3.7, unexpanded. */
import { address, bool, int, nexthop, one, service, tables, text, time, transport } from './kinds.ts'
import type { Group } from './kinds.ts'

export const verify: Group = {
  address_verify_cache_cleanup_interval: time('12h', { since: '2.7' }),
  address_verify_default_transport: transport('$default_transport', { since: '2.1' }),
  address_verify_local_transport: transport('$local_transport', { since: '2.1' }),
  address_verify_map: tables('btree:$data_directory/verify_cache', { since: '2.1' }),
  address_verify_negative_cache: bool('yes', { since: '2.1' }),
  address_verify_negative_expire_time: time('3d', { since: '2.1' }),
  address_verify_negative_refresh_time: time('3h', { since: '2.1' }),
  address_verify_pending_request_limit: int('5000', { since: '3.1' }),
  address_verify_poll_count: int('${stress?{1}:{3}}', { since: '2.1' }),
  address_verify_poll_delay: time('3s', { since: '2.1' }),
  address_verify_positive_expire_time: time('31d', { since: '2.1' }),
  address_verify_positive_refresh_time: time('7d', { since: '2.1' }),
  address_verify_relay_transport: transport('$relay_transport', { since: '2.1' }),
  address_verify_relayhost: nexthop('$relayhost', { since: '2.1' }),
  address_verify_sender: address('$double_bounce_sender', { since: '2.1' }),
  address_verify_sender_dependent_default_transport_maps: tables('$sender_dependent_default_transport_maps', {
    since: '2.7',
  }),
  address_verify_sender_dependent_relayhost_maps: tables('$sender_dependent_relayhost_maps', { since: '2.3' }),
  address_verify_sender_ttl: time('0s', { since: '2.9' }),
  address_verify_service_name: service('verify', { since: '2.1' }),
  address_verify_transport_maps: tables('$transport_maps', { since: '2.1' }),
  address_verify_virtual_transport: transport('$virtual_transport', { since: '2.1' }),
  unverified_recipient_defer_code: int('450', { since: '2.6' }),
  unverified_recipient_reject_code: int('450', { since: '2.1' }),
  unverified_recipient_reject_reason: text('', { since: '2.6' }),
  unverified_recipient_tempfail_action: one('$reject_tempfail_action', ['defer', 'defer_if_permit', 'warn_if_reject'], {
    since: '2.6',
  }),
  unverified_sender_defer_code: int('450', { since: '2.6' }),
  unverified_sender_reject_code: int('450', { since: '2.1' }),
  unverified_sender_reject_reason: text('', { since: '2.6' }),
  unverified_sender_tempfail_action: one('$reject_tempfail_action', ['defer', 'defer_if_permit', 'warn_if_reject'], {
    since: '2.6',
  }),
}
