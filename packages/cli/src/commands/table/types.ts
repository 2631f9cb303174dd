/** Table types that come with Postern, and the package of each: what a command may bring along for a type that no configuration names. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  hash: ['hash', 'btree', 'dbm', 'texthash', 'lmdb'],
  cdb: ['cdb'],
  regexp: ['regexp', 'pcre'],
  cidr: ['cidr'],
  unix: ['unix'],
  environ: ['environ'],
  mysql: ['mysql'],
  pgsql: ['pgsql'],
  sqlite: ['sqlite'],
  ldap: ['ldap'],
  nis: ['nis'],
  redis: ['redis'],
  memcache: ['memcache'],
  socketmap: ['socketmap'],
  tcp: ['tcp'],
  http: ['http', 'https'],
  compose: ['proxy', 'pipemap', 'unionmap', 'randmap', 'fail'],
  cache: ['cache'],
  static: ['static'],
  inline: ['inline'],
}
/** type -> package */
export const BUNDLED: ReadonlyMap<string, string> = new Map(
  Object.entries(PACKAGES).flatMap(([name, types]) =>
    types.map((type): [string, string] => [type, `@postern/lookup-${name}`]),
  ),
)
