/** Debian's Postfix in a folder of its own, with the settings that its CPU per message was lowest with. */
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { listening } from '../load.js'

const MASTER = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
const MAILBOXES = 1000

export class Postfix {
  name = 'postfix'
  #folder
  #workload
  constructor(folder, workload) {
    this.#folder = folder
    this.#workload = workload
  }
  async unavailable() {
    if (!existsSync('/usr/sbin/postfix') || !existsSync('/usr/sbin/smtp-source'))
      return 'Debian\'s package "postfix" is not installed'
    return process.getuid() === 0 ? undefined : 'Postfix starts only as root'
  }
  async start(port, sink) {
    this.#prepare(port, sink)
    execFileSync('postfix', ['-c', this.#etc, 'start'], { stdio: 'ignore' })
    await listening(port)
    return Number(readFileSync(path.join(this.#folder, 'spool/pid/master.pid'), 'latin1'))
  }
  get #etc() {
    return path.join(this.#folder, 'etc')
  }
  #prepare(port, sink) {
    rmSync(this.#folder, { recursive: true, force: true })
    for (const d of ['', 'etc', 'spool', 'data', 'mail']) mkdirSync(path.join(this.#folder, d), { recursive: true })
    // the room itself is private to root; Postfix's own users must pass
    execFileSync('chmod', ['755', path.dirname(this.#folder), this.#folder])
    const owner = execFileSync('id', ['-u', 'postfix'], { encoding: 'latin1' })
    chownSync(path.join(this.#folder, 'data'), Number(owner), -1)
    const cf = {
      compatibility_level: '3.6',
      queue_directory: path.join(this.#folder, 'spool'),
      data_directory: path.join(this.#folder, 'data'),
      maillog_file: path.join(this.#folder, 'maillog'),
      maillog_file_prefixes: this.#folder,
      myhostname: 'mx.bench.example',
      mydestination: '',
      mynetworks: '127.0.0.0/8',
      inet_interfaces: '127.0.0.1',
      inet_protocols: 'ipv4',
      alias_maps: '',
      alias_database: '',
      smtpd_tls_security_level: 'none',
      smtp_tls_security_level: 'none',
      notify_classes: '',
      in_flow_delay: '0',
      initial_destination_concurrency: '20',
      max_use: '10000',
      smtpd_peername_lookup: 'no',
      smtpd_client_connection_count_limit: '0',
      ...this.#way(sink),
    }
    writeFileSync(
      path.join(this.#etc, 'main.cf'),
      Object.entries(cf)
        .map(([k, v]) => `${k} = ${v}\n`)
        .join(''),
    )
    writeFileSync(path.join(this.#etc, 'master.cf'), `127.0.0.1:${port} inet n - n - - smtpd\n${MASTER}`)
  }
  #way(sink) {
    if (this.#workload === 'discard') return { default_transport: 'discard:' }
    if (this.#workload === 'relay') return { relayhost: `[127.0.0.1]:${sink}` }
    const table = path.join(this.#etc, 'mailboxes')
    // smtp-source -N numbers its recipients: 1u, 2u, ...
    writeFileSync(table, Array.from({ length: 20_000 }, (_, n) => `${n}u@bench.test m${n % MAILBOXES}/\n`).join(''))
    execFileSync('postmap', [`hash:${table}`])
    chownSync(path.join(this.#folder, 'mail'), 5000, 5000)
    return {
      virtual_mailbox_domains: 'bench.test',
      virtual_mailbox_base: path.join(this.#folder, 'mail'),
      virtual_mailbox_maps: `hash:${table}`,
      virtual_uid_maps: 'static:5000',
      virtual_gid_maps: 'static:5000',
    }
  }
  async busy() {
    return ['incoming', 'active', 'deferred'].some((d) => hasFiles(path.join(this.#folder, 'spool', d)))
  }
  async stop() {
    execFileSync('postfix', ['-c', this.#etc, 'stop'], { stdio: 'ignore' })
  }
}
export function hasFiles(folder) {
  return readdirSync(folder).some((name) => {
    const at = path.join(folder, name)
    return statSync(at, { throwIfNoEntry: false })?.isDirectory() ? hasFiles(at) : true
  })
}
