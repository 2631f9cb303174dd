/** A real slapd on loopback, in a temporary folder, and a table that asks it. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts, freeze, missingPrograms, programPath, tempFolder, until } from '@postern/testkit'
import { certificates } from '../../../../../packages/lookup-kit/test/support/certificates.ts'

const SCHEMA = '/etc/ldap/schema'
/** What a book's table asks for, and groups. */
const ATTRIBUTES = `
attributetype ( 1.1.2.1.1 NAME 'mailacceptinggeneralid' EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.1.2.1.2 NAME 'maildrop' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.1.2.1.3 NAME 'memberdn' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.1.2.1.4 NAME 'status' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.1.2.1.5 NAME 'mailbox' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.1.2.1.6 NAME 'blob' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( 1.1.2.2.1 NAME 'myPostfixPerson' SUP person STRUCTURAL MUST ( mailacceptinggeneralid $ maildrop ) )
objectclass ( 1.1.2.2.2 NAME 'myGroup' SUP top STRUCTURAL MUST cn MAY ( memberdn $ mail $ maildrop $ mailbox $ mailacceptinggeneralid ) )
objectclass ( 1.1.2.2.3 NAME 'myExtra' SUP top AUXILIARY MAY ( status $ mailbox $ blob $ maildrop ) )`

export interface SlapdOptions {
  /** default: dc=example,dc=org */
  readonly suffix?: string
  /** LDIF below the suffix, whose own entry is made */
  readonly ldif?: string
  /** lines of slapd.conf in front of the database */
  readonly config?: string
  /** as `freePorts` gave it, to be there before the server is */
  readonly port?: number
}
export interface Slapd {
  readonly folder: string
  readonly port: number
  readonly url: string
  readonly tlsUrl: string
  readonly socketUrl: string
  /** what signed the server's certificate */
  readonly ca: string
  start(): Promise<void>
  /** as a crash does */
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  close(): Promise<void>
}
/** Why tests are skipped, `undefined` when all is there. */
export function missing(...more: string[]): string | undefined {
  const programs = missingPrograms('slapd', 'slapadd', 'openssl', ...more)
  if (programs) return programs
  if (more.length === 0 || existsSync('/usr/lib/postfix/postfix-ldap.so')) return undefined
  if (process.env.CI === 'true') throw new Error('needs postfix-ldap, not installed here')
  process.stdout.write('# skipped: needs postfix-ldap, not installed here\n')
  return 'needs postfix-ldap'
}

export async function slapd({ suffix = 'dc=example,dc=org', ldif = '', config = '', port }: SlapdOptions = {}) {
  const folder = await tempFolder('ldap')
  const dir = folder.path
  const [free, tlsPort] = (await freePorts(2)) as [number, number]
  const plain = port ?? free
  certificates(dir)
  mkdirSync(join(dir, 'db'))
  const dc = /^dc=([^,]*)/.exec(suffix)![1]!
  const root = `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\ndc: ${dc}\no: ${dc}\n\n`
  writeFileSync(join(dir, 'slapd.conf'), configuration(dir, suffix, config))
  writeFileSync(join(dir, 'd.ldif'), root + ldif)
  execFileSync(programPath('slapadd')!, ['-q', '-f', join(dir, 'slapd.conf'), '-l', join(dir, 'd.ldif')])
  const url = `ldap://127.0.0.1:${plain}`
  const tlsUrl = `ldaps://127.0.0.1:${tlsPort}`
  const socketUrl = `ldapi://${encodeURIComponent(join(dir, 'ldapi'))}`
  let child: ChildProcess | undefined
  const ended = async (signal: NodeJS.Signals) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child!.once('exit', resolve))
    child.kill('SIGCONT')
    child.kill(signal)
    await gone
  }
  const server: Slapd = {
    folder: dir,
    port: plain,
    url,
    tlsUrl,
    socketUrl,
    ca: join(dir, 'ca.pem'),
    async start() {
      const args = ['-d', '0', '-f', join(dir, 'slapd.conf'), '-h', `${url} ${tlsUrl} ${socketUrl}`]
      child = spawn(programPath('slapd')!, args, { stdio: 'ignore' })
      await until('slapd', () => reachable(plain))
    },
    kill: () => ended('SIGKILL'),
    freeze: () => freeze(child!.pid!),
    thaw: () => void child!.kill('SIGCONT'),
    async close() {
      await ended('SIGKILL')
      await folder.remove()
    },
  }
  await server.start()
  return server
}
const reachable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

const configuration = (dir: string, suffix: string, more: string) => `
${['core', 'cosine', 'inetorgperson', 'misc'].map((name) => `include ${SCHEMA}/${name}.schema`).join('\n')}
${ATTRIBUTES}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${dir}/pid
TLSCertificateFile ${dir}/cert.pem
TLSCertificateKeyFile ${dir}/key.pem
TLSCACertificateFile ${dir}/ca.pem
TLSVerifyClient try
sasl-host localhost
sasl-secprops none
password-hash {CLEARTEXT}
authz-regexp "uid=([^,]*),cn=[^,]*,cn=auth" "uid=$1,ou=people,${suffix}"
${more}
database mdb
suffix "${suffix}"
rootdn "cn=admin,${suffix}"
rootpw rootpw-of-the-test
directory ${dir}/db
maxsize 67108864
dbnosync
index objectClass,mail,uid eq
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=private,${suffix}" by users read by * none
access to * by * read
`
