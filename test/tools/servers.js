/**
 * The real servers and clients that some tests talk to. As root on Debian they are installed when missing; elsewhere it is
 * said what to install, and the tests that need them are skipped. No system service is started: tests start their own.
 *   node test/tools/servers.js          installs what is missing
 *   node test/tools/servers.js --check  only says what is missing
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const TRIPLET = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
/** Debian package -> a program that it brings, or a file by its whole path */
export const PACKAGES = {
  postfix: 'postfix',
  'postfix-cdb': '/usr/lib/postfix/postfix-cdb.so',
  'postfix-pcre': '/usr/lib/postfix/postfix-pcre.so',
  'dovecot-imapd': '/usr/lib/dovecot/imap',
  swaks: 'swaks',
  curl: 'curl',
  openssl: 'openssl',
  'util-linux': 'unshare',
  iproute2: 'ip',
  strace: 'strace',
  faketime: 'faketime',
  e2fsprogs: 'mkfs.ext4',
  mount: 'losetup',
  'redis-server': 'redis-server',
  memcached: 'memcached',
  ypserv: 'ypserv',
  'ypbind-mt': 'ypbind',
  'yp-tools': 'ypmatch',
  rpcbind: 'rpcbind',
  slapd: 'slapd',
  'ldap-utils': 'ldapsearch',
  'postfix-ldap': '/usr/lib/postfix/postfix-ldap.so',
  'libsasl2-modules': `/usr/lib/${TRIPLET}/sasl2/libscram.so`,
  'mariadb-server': 'mariadbd',
  postgresql: '/usr/lib/postgresql/15/bin/postgres',
  sqlite3: 'sqlite3',
  'postfix-mysql': '/usr/lib/postfix/postfix-mysql.so',
  'postfix-pgsql': '/usr/lib/postfix/postfix-pgsql.so',
  'postfix-sqlite': '/usr/lib/postfix/postfix-sqlite.so',
  socat: 'socat',
  pflogsumm: 'pflogsumm',
  fail2ban: 'fail2ban-regex',
  'bsd-mailx': 'mail',
  'php-cli': 'php',
  cron: 'cron',
  logwatch: '/usr/share/logwatch/scripts/services/postfix',
}
const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
const POLICY = '/usr/sbin/policy-rc.d'

export function installed(program) {
  const places = path.isAbsolute(program) ? [program] : FOLDERS.map((dir) => path.join(dir, program))
  return places.some((file) => {
    try {
      // a library need not be executable
      accessSync(file, file.endsWith('.so') ? constants.R_OK : constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
export const missing = () => Object.keys(PACKAGES).filter((name) => !installed(PACKAGES[name]))

const mayInstall = () => process.getuid?.() === 0 && installed('apt-get')
const command = (names) => `apt-get install -y --no-install-recommends --no-remove ${names.join(' ')}`

/** Installs what is missing where that is allowed; answers what still is, with a line for a person. */
export function ensureServers(say = console.log) {
  const before = missing()
  if (before.length && mayInstall()) {
    say(`installing ${before.join(', ')}`)
    // a package list that is new enough saves the update; one that is too old shows as a failure
    if (!install(before, say)) {
      apt(['update'], say)
      install(before, say)
    }
  }
  const after = missing()
  if (after.length) say(`not installed: ${after.join(', ')}; as root: apt-get update && ${command(after)}`)
  return after
}

function install(names, say) {
  // without this, a package's scripts start its daemon on port 25
  const ours = !existsSync(POLICY)
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const flags = ['-y', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=600']
    return apt(['install', ...flags, '-o', 'Dpkg::Options::=--force-confold', ...names], say)
  } finally {
    if (ours) rmSync(POLICY, { force: true })
  }
}
function apt(args, say) {
  const run = spawnSync('apt-get', args, {
    encoding: 'utf8',
    timeout: 600_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  })
  if (run.status === 0) return true
  say(`apt-get ${args[0]} failed: ${(run.stderr || run.error?.message || '').trim().split('\n').slice(-3).join(' / ')}`)
  return false
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const rest = process.argv.includes('--check') ? missing() : ensureServers()
  console.log(rest.length ? `missing: ${rest.join(', ')}` : 'all there')
  process.exitCode = rest.length ? 1 : 0
}
