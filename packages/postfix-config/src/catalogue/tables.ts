/**
 * Tables whose settings may stand in main.cf, each name with the table's own in front: `virtual_alias_maps =
 * mysql:users` reads `users_hosts`, `users_query` ... (the way of Postfix before 2.2).
 */
const SQL = 'additional_conditions dbname domain expansion_limit query result_format select_field table where_field'
const SERVER = 'hosts password user'
const MAIN_CF_TABLES = {
  ldap:
    'bind bind_dn bind_pw cache cache_expiry cache_size chase_referrals debuglevel dereference domain expansion_limit ' +
    'leaf_result_attribute query_filter recursion_limit result_attribute result_filter result_format sasl_authz_id ' +
    'sasl_mechs sasl_minssf sasl_realm scope search_base server_host server_port size_limit special_result_attribute ' +
    'start_tls terminal_result_attribute timeout tls_ca_cert_dir tls_ca_cert_file tls_cert tls_cipher_suite tls_key ' +
    'tls_random_file tls_require_cert version',
  mysql:
    `${SQL} ${SERVER} option_file option_group require_result_set ` +
    'tls_CAfile tls_CApath tls_cert_file tls_key_file tls_verify_cert',
  pgsql: `${SQL} ${SERVER} select_function`,
  sqlite: `${SQL} dbpath`,
  memcache: 'backup data_size_limit domain flags key_format line_size_limit max_try memcache retry_pause timeout ttl',
}
/** Table type -> the settings that it reads from main.cf. */
export const SETTINGS_IN_MAIN_CF: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(MAIN_CF_TABLES).map(([type, names]) => [type, names.split(' ')]),
)
