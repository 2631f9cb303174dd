/** Debian's Postfix in a folder of its own, with the settings that its CPU per message was lowest with. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { postfixPid, preparePostfix, startPostfix, stopPostfix } from '../../tools/postfix.js'
import { listening } from '../load.js'

const MAILBOXES = 1000

export class Postfix {
  name = 'postfix'
  #base
  #folder
  #starts = 0
  #shape
  constructor(folder, shape) {
    this.#base = folder
    this.#shape = shape
  }
  async unavailable() {
    if (!existsSync('/usr/sbin/postfix') || !existsSync('/usr/sbin/smtp-source'))
      return 'Debian\'s package "postfix" is not installed'
    return process.getuid() === 0 ? undefined : 'Postfix starts only as root'
  }
  async start(port, sink) {
    this.#prepare(port, sink)
    startPostfix(this.#folder)
    await listening(port)
    return postfixPid(this.#folder)
  }
  get #etc() {
    return path.join(this.#folder, 'etc')
  }
  #prepare(port, sink) {
    // what was delivered stays until the bench is over: ext4 looks for a new inode past each that was freed of late
    this.#folder = `${this.#base}-${++this.#starts}`
    mkdirSync(path.join(this.#folder, 'etc'), { recursive: true })
    // the room itself is private to root; Postfix's own users must pass
    chmodSync(path.dirname(this.#folder), 0o755)
    preparePostfix(this.#folder, port, {
      myhostname: 'mx.bench.example',
      smtpd_tls_security_level: 'none',
      smtp_tls_security_level: 'none',
      notify_classes: '',
      in_flow_delay: '0',
      initial_destination_concurrency: '20',
      max_use: '10000',
      smtpd_peername_lookup: 'no',
      smtpd_client_connection_count_limit: '0',
      // a process for each connection
      default_process_limit: String(Math.max(100, (this.#shape.idle ?? 0) + 20)),
      ...this.#way(sink),
    })
    if (this.#shape.workload === 'maildir') chownSync(path.join(this.#folder, 'mail'), 5000, 5000)
  }
  #way(sink) {
    if (this.#shape.workload === 'discard') return { default_transport: 'discard:' }
    if (this.#shape.workload === 'relay') return { relayhost: `[127.0.0.1]:${sink}` }
    const table = path.join(this.#etc, 'mailboxes')
    // smtp-source -N numbers its recipients: 1u, 2u, ...
    writeFileSync(table, Array.from({ length: 20_000 }, (_, n) => `${n}u@bench.test m${n % MAILBOXES}/\n`).join(''))
    execFileSync('postmap', [`hash:${table}`])
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
    stopPostfix(this.#folder)
  }
}
export function hasFiles(folder) {
  return readdirSync(folder).some((name) => {
    const at = path.join(folder, name)
    return statSync(at, { throwIfNoEntry: false })?.isDirectory() ? hasFiles(at) : true
  })
}
