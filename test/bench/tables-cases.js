/** What is looked up where. Each case makes its files and servers in `room` and tells how to ask both sides. */
import { closeSync, openSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { tsImport } from 'tsx/esm/api'
import { build } from './tables-theirs.js'

const CHUNK = 10_000
/** the test's own servers */
const helper = (file) => tsImport(path.join('../..', file), import.meta.url)

/** `lines(i)` for each of `count`, in pieces: they may be millions. */
function fill(file, count, line) {
  const out = openSync(file, 'w')
  for (let i = 0; i < count; i += CHUNK)
    writeSync(out, Array.from({ length: Math.min(CHUNK, count - i) }, (_, n) => `${line(i + n)}\n`).join(''))
  closeSync(out)
  old(file)
  return file
}
/** Postfix waits for a file that was written a moment ago. */
const old = (file) => utimesSync(file, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600)
/** spread over all, two of three are there */
const spread = (count, all, key) => Array.from({ length: count }, (_, n) => key((n * 7919) % Math.ceil(all * 1.5)))

const address = (i) => `user.number${i}@domain${i % 5000}.example`
const hash = (keys, count) => async (room) => {
  const file = fill(path.join(room, `hash-${keys}`), keys, (i) => `${address(i)} box/${i}/`)
  await build(`hash:${file}`)
  const table = `hash:${file}`
  return { ours: table, theirs: table, keys: spread(count, keys, address), plugins: ['@postern/lookup-hash'] }
}
/** Header lines, 4 KiB a message; words that patterns look for now and then. */
const words = (i) => ['viagra', 'newsletter', 'invoice', 'meeting', 'lottery'][i % 5] + ((i * 31) % 97)
const headers = (count) =>
  Array.from({ length: count }, (_, i) => `X-Header-${i % 57}: ${words(i)} ${'lorem ipsum dolor '.repeat(3)}${i}`)
const regexp = (rules, count) => async (room) => {
  const pattern = (i) => `/^(subject|x-header-${i % 90}): .*${words(i)} .*${i}$/ REJECT ${i}`
  const table = `regexp:${fill(path.join(room, 'regexp'), rules, pattern)}`
  return { ours: table, theirs: table, keys: headers(count), plugins: ['@postern/lookup-regexp'] }
}
const network = (i) => `${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`
const cidr = (networks, count, theirCount) => async (room) => {
  const table = `cidr:${fill(path.join(room, 'cidr'), networks, (i) => `${network(i)}.0/${24 + (i % 3)} OK ${i}`)}`
  const keys = spread(count, networks, (i) => `${network(i)}.${i % 64}`)
  return { ours: table, theirs: table, keys, theirKeys: keys.slice(0, theirCount), plugins: ['@postern/lookup-cidr'] }
}
const MYSQL = `create database bench; use bench; create table t (k varchar(80) primary key, v varchar(80));
create user b@'127.0.0.1' identified by 'b'; grant select on bench.* to b@'127.0.0.1';
insert into t select concat('user.number', seq, '@domain', seq mod 5000, '.example'), concat('box/', seq) from seq_0_to_9999;`
/** `asked`: addresses that the keys are taken from */
const mysql = (count, asked, cache) => async (room) => {
  const { startMariaDb } = await helper('plugins/lookup/mysql/test/mariadb.ts')
  const db = await startMariaDb('--max-connections=100')
  db.sql(MYSQL)
  const query = "query = select v from t where k = '%s'"
  const login = `hosts = 127.0.0.1:${db.port}\nuser = b\npassword = b\ndbname = bench\n`
  const table = `mysql:${written(path.join(room, 'mysql.cf'), login + query)}`
  const keys = spread(count, asked, address)
  const ours = cache ? `cache:${table}` : table
  const plugins = ['@postern/lookup-mysql', '@postern/lookup-cache']
  return { ours, theirs: table, keys, plugins, end: () => db.remove() }
}
const ldap = (count) => async (room) => {
  const { slapd } = await helper('plugins/lookup/ldap/test/support/slapd.ts')
  const base = 'dc=example,dc=org'
  const person = (i) =>
    `dn: uid=u${i},${base}\nobjectClass: inetOrgPerson\nuid: u${i}\ncn: u\nsn: u\nmail: ${address(i)}\n\n`
  const server = await slapd({ ldif: Array.from({ length: 2000 }, (_, i) => person(i)).join('') })
  const search = `search_base = ${base}\nquery_filter = (mail=%s)\nresult_attribute = uid\n`
  const table = `ldap:${written(path.join(room, 'ldap.cf'), `server_host = ${server.url}\n${search}`)}`
  const keys = spread(count, 2000, address)
  return { ours: table, theirs: table, keys, plugins: ['@postern/lookup-ldap'], end: () => server.close() }
}
function written(file, text) {
  writeFileSync(file, `${text}\n`)
  old(file)
  return file
}

/** `scale`: 1 for the figures that are told, less for a try. */
export function cases(scale) {
  const n = (count) => Math.max(100, Math.round(count * scale))
  return [
    { name: 'message', what: '200 lookups in a small hash', inFlight: 1, make: hash(n(1000), n(200_000)) },
    { name: 'hash', what: `hash, ${n(1_000_000)} keys`, inFlight: 1, make: hash(n(1_000_000), n(200_000)) },
    { name: 'regexp', what: `${n(1000)} regexps, header lines`, inFlight: 1, make: regexp(n(1000), n(20_000)) },
    { name: 'cidr', what: `${n(100_000)} networks`, inFlight: 1, make: cidr(n(100_000), n(200_000), n(1000)) },
    { name: 'mysql', what: 'mysql, 50 in flight', inFlight: 50, make: mysql(n(20_000), 10_000, false) },
    { name: 'cached', what: 'cache:mysql, 1,000 addresses', inFlight: 50, make: mysql(n(20_000), 1000, true) },
    { name: 'ldap', what: 'ldap, 50 in flight', inFlight: 50, make: ldap(n(20_000)) },
  ]
}
