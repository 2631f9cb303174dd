/**
 * A machine of a test's own, made inside private namespaces: its /etc, /var/spool/postfix, /var/mail, /var/log, /run and the
 * folders that programs are called from are this test's; all else is the machine's. It ends with the namespaces.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Sink } from '../../conformance/peers/sink.ts'
import { PEOPLE, accountFiles } from '../../conformance/room/people.ts'
import { run, sh } from '../../conformance/room/shell.ts'
import type { Ran, RunOptions } from '../../conformance/room/shell.ts'
import { until, zone } from '../../conformance/room/testkit.ts'

const TOOLS = new URL('../../../packages/postfix-tools/bin/', import.meta.url).pathname
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** this machine's address outside of 127/8, and a client's that is not in mynetworks */
export const [OWN, STRANGER] = ['10.0.0.1', '10.0.0.7']
/** a folder of the system, and its mode; each stands over the system's */
const OVER: readonly (readonly [place: string, mode: number])[] = [
  ['/var/spool/postfix', 0o755],
  ['/var/lib/postfix', 0o755],
  ['/var/mail', 0o1777],
  ['/var/log', 0o755],
  ['/run', 0o755],
]

export class Machine {
  readonly folder: string
  readonly sinks = new Map<string, Sink>()

  /** `folder` is there, empty, and will be mounted over. */
  constructor(folder: string) {
    this.folder = folder
  }

  /** `postfix`: what /etc/postfix is to be; `etc`: other files of /etc; `records`: the zone. */
  async make(postfix: string, etc: Readonly<Record<string, string>>, records: string): Promise<this> {
    sh('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', this.folder)
    sh('ip', 'link', 'set', 'lo', 'up')
    for (const address of [OWN, STRANGER]) sh('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo')
    sh('hostname', 'mail.example.org')
    this.#etc(postfix, etc)
    for (const [place, mode] of OVER) this.#over(place, mode)
    chownSync('/var/lib/postfix', Number(sh('id', '-u', 'postfix')), 0)
    for (const [name, id] of Object.entries(PEOPLE)) {
      mkdirSync(this.#home(name), { recursive: true })
      chownSync(this.#home(name), id, id)
    }
    await zone(records, { port: 53 })
    return this
  }
  async sink(name: string, addr: string): Promise<void> {
    const sink = new Sink(name, { addr }, join(this.folder, 'tls'))
    this.sinks.set(name, sink)
    await sink.up()
  }
  /** Postern's commands under Postfix's names where programs look for them, as links and diversions of a package would be. */
  divert(): void {
    const names = readdirSync(TOOLS)
    for (const place of ['/usr/sbin', '/usr/bin']) {
      const here = names.filter((name) => existsSync(join(place, name)))
      this.#linked(place, new Map(here.map((name) => [name, (to: string) => symlinkSync(join(TOOLS, name), to)])))
    }
  }
  /** A program as a login shell of `user` would run it. */
  run(command: readonly string[], user = 'root', options: RunOptions = {}): Promise<Ran> {
    const env = { PATH, HOME: this.#home(user), USER: user, LOGNAME: user, ...options.env }
    const uid = user === 'root' ? {} : { uid: PEOPLE[user]! }
    return run(command, { ...options, env, ...uid })
  }
  /** Messages in a person's mbox. */
  box(name: string): string[] {
    const file = join('/var/mail', name)
    if (!existsSync(file)) return []
    return readFileSync(file, 'latin1')
      .split(/(?<=^|\n\n)(?=From \S)/)
      .filter((text) => text !== '')
  }
  async arrived(name: string, count: number): Promise<string[]> {
    await until(`${count} in ${name}`, () => this.box(name).length >= count, 20_000).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${this.log()}`, { cause: error })
    })
    return this.box(name)
  }
  log(): string {
    return existsSync('/var/log/mail.log') ? readFileSync('/var/log/mail.log', 'utf8') : ''
  }

  #home = (name: string): string => (name === 'root' ? '/root' : join(this.folder, 'home', name))
  #over(place: string, mode: number): void {
    const own = join(this.folder, 'over', place)
    mkdirSync(own, { recursive: true })
    chmodSync(own, mode)
    sh('mount', '--bind', own, place)
  }
  #etc(postfix: string, more: Readonly<Record<string, string>>): void {
    const home = (name: string) => this.#home(name)
    const accounts = accountFiles(readFileSync('/etc/passwd', 'utf8'), readFileSync('/etc/group', 'utf8'), home)
    const texts: Record<string, string> = {
      ...accounts,
      'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n',
      hosts: '127.0.0.1 localhost\n',
      'nsswitch.conf':
        ['passwd', 'group', 'services', 'protocols'].map((n) => `${n}: files\n`).join('') + 'hosts: files dns\n',
      ...more,
    }
    const own = new Map<string, (to: string) => void>()
    for (const [name, text] of Object.entries(texts)) own.set(name, (to) => put(to, text))
    own.set('postfix', (to) => {
      cpSync('/etc/postfix', to, { recursive: true, verbatimSymlinks: true })
      for (const name of ['main.cf', 'master.cf']) cpSync(join(postfix, name), join(to, name))
    })
    own.set('ssl', snakeoil)
    this.#linked('/etc', own)
  }
  /** Over a folder: links to what is in it, but for what is the test's own. */
  #linked(place: string, own: ReadonlyMap<string, (to: string) => void>): void {
    const machine = join(this.folder, 'machine', place)
    const over = join(this.folder, 'over', place)
    for (const folder of [machine, over]) mkdirSync(folder, { recursive: true })
    sh('mount', '--bind', place, machine)
    for (const name of readdirSync(machine)) {
      if (![...own.keys()].some((file) => file === name || file.startsWith(`${name}/`)))
        symlinkSync(join(machine, name), join(over, name))
    }
    for (const [name, make] of own) {
      mkdirSync(dirname(join(over, name)), { recursive: true })
      make(join(over, name))
    }
    sh('mount', '--bind', over, place)
  }
}

/** What the package ssl-cert makes. */
function snakeoil(ssl: string): void {
  for (const name of ['certs', 'private']) mkdirSync(join(ssl, name), { recursive: true })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=mail.example.org']
  const [cert, secret] = [join(ssl, 'certs/ssl-cert-snakeoil.pem'), join(ssl, 'private/ssl-cert-snakeoil.key')]
  sh('openssl', 'req', '-x509', ...key, '-days', '30', '-keyout', secret, '-out', cert)
}

function put(file: string, text: string): void {
  writeFileSync(file, text)
  chmodSync(file, 0o644)
}
