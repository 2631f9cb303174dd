/** Tables: Postfix's spelling is ours, but for those whose settings stand in main.cf (`ldap:accounts` with `accounts_server_host`). */
import type { Parameters } from '../parameters.ts'
import { literal } from './reader.ts'
import { camelCase } from './rows.ts'

/** The plugin that knows a type of table. */
export const TABLE_PLUGINS: Readonly<Record<string, string>> = {
  hash: 'lookup-hash',
  btree: 'lookup-hash',
  dbm: 'lookup-hash',
  sdbm: 'lookup-hash',
  texthash: 'lookup-hash',
  lmdb: 'lookup-hash',
  cdb: 'lookup-cdb',
  regexp: 'lookup-regexp',
  pcre: 'lookup-regexp',
  cidr: 'lookup-cidr',
  static: 'lookup-static',
  inline: 'lookup-inline',
  environ: 'lookup-environ',
  unix: 'lookup-unix',
  mysql: 'lookup-mysql',
  pgsql: 'lookup-pgsql',
  sqlite: 'lookup-sqlite',
  ldap: 'lookup-ldap',
  nis: 'lookup-nis',
  socketmap: 'lookup-socketmap',
  tcp: 'lookup-tcp',
  memcache: 'lookup-memcache',
  proxy: 'lookup-compose',
  pipemap: 'lookup-compose',
  unionmap: 'lookup-compose',
  randmap: 'lookup-compose',
  fail: 'lookup-compose',
}
/** hash: and its like: aliases(5) are written in another form, `name: value` */
const TEXT = new Set(['hash', 'btree', 'dbm', 'sdbm', 'lmdb'])
function asAliases(type: string, file: string, parameters: Parameters): unknown {
  if (!TEXT.has(type) || !file.startsWith('/')) return undefined
  const lists = ['alias_maps', 'alias_database'].flatMap((name) => parameters.list(name))
  if (!lists.some((text) => text.replace(/^proxy:/, '') === `${type}:${file}`)) return undefined
  return { type: type === 'sdbm' ? 'hash' : type, file: literal(file), format: 'aliases' }
}
/** settings in main.cf, with the table's name before them */
const NAMED = new Set(['ldap', 'mysql', 'pgsql', 'sqlite', 'memcache'])

/** As an option takes it; the types in it are noted in `types`. */
export function tableOf(text: string, parameters: Parameters, types: Set<string>): unknown {
  for (const [, type] of text.matchAll(/(?:^|[{,\s:!])([a-z][\w-]*)(?=:)/gi)) types.add(type!.toLowerCase())
  const [, proxy, type, name] = /^(proxy:)?([a-z]+):(.*)$/is.exec(text) ?? []
  const aliases = type === undefined ? undefined : asAliases(type.toLowerCase(), name!, parameters)
  if (aliases !== undefined) return aliases
  if (type === undefined || !NAMED.has(type.toLowerCase()) || name!.startsWith('/')) return literal(text)
  const prefix = `${name}_`
  const settings = [...parameters.main.last.keys()]
    .filter((p) => p.startsWith(prefix))
    .map((p): [string, string] => [camelCase(p.slice(prefix.length)), literal(parameters.get(p))])
  const table = { type, ...Object.fromEntries(settings) }
  return proxy === undefined ? table : { type: 'proxy', table }
}
