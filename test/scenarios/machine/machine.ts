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
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import type { Taken } from '../../conformance/judge/observed.ts'
import { ROOT } from '../../conformance/cases.ts'
import { PEOPLE, accountFiles } from '../../conformance/room/people.ts'
import { run, sh } from '../../conformance/room/shell.ts'
import type { Ran, RunOptions } from '../../conformance/room/shell.ts'
import { until, zone } from '../../conformance/room/testkit.ts'

const HOPS = new URL('hops.ts', import.meta.url).pathname
const TOOLS = new URL('../../../packages/postfix-tools/bin', import.meta.url).pathname
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
  #path = PATH

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
    chroot()
    await zone(records, { port: 53 })
    return this
  }
  /** Next hops, by name the address of each (10.1.x.x), on port 25. */
  async world(hops: Readonly<Record<string, string>>): Promise<void> {
    const named = Object.entries(hops).map(([name, address]) => `${name}=${address}`)
    const child = spawn('unshare', ['-n', process.execPath, '--import', 'tsx', HOPS, this.#taken, ...named], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    sh('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'world')
    sh('ip', 'addr', 'add', '10.1.0.1/16', 'dev', 'cable')
    sh('ip', 'link', 'set', 'cable', 'up')
    // once it has a network of its own
    const moved = () => {
      if (readlinkSync(`/proc/${child.pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) return false
      sh('ip', 'link', 'set', 'world', 'netns', String(child.pid))
      return true
    }
    await until('the other end', moved)
    await until('next hops', () => existsSync(this.#taken), 20_000)
  }
  /** What next hops were given. */
  taken(): Record<string, readonly Taken[]> {
    return JSON.parse(readFileSync(this.#taken, 'utf8')) as Record<string, readonly Taken[]>
  }
  /**
   * Postern's commands in place of Postfix's: first in the PATH, and its sendmail where programs look for one (/usr/bin/mailq and
   * newaliases are links to it).
   */
  divert(): void {
    this.#path = `${TOOLS}:${PATH}`
    this.#linked('/usr/sbin', new Map([['sendmail', (to: string) => symlinkSync(join(TOOLS, 'sendmail'), to)]]))
  }
  /** A program as a login shell of `user` would run it. */
  run(command: readonly string[], user = 'root', options: RunOptions = {}): Promise<Ran> {
    const env = { PATH: this.#path, HOME: this.#home(user), USER: user, LOGNAME: user, ...options.env }
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
    // each ends with an empty line: the last may be half written
    const whole = () => this.box(name).length >= count && this.box(name).at(-1)!.endsWith('\n\n')
    await until(`${count} in ${name}`, whole, 20_000).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${this.log()}`, { cause: error })
    })
    return this.box(name)
  }
  log(): string {
    return existsSync('/var/log/mail.log') ? readFileSync('/var/log/mail.log', 'utf8') : ''
  }

  get #taken(): string {
    return join(this.folder, 'taken.json')
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

/** What Debian's start script copies for services that run with chroot. */
function chroot(): void {
  for (const name of ['resolv.conf', 'hosts', 'nsswitch.conf', 'services']) {
    cpSync(realpathSync(join('/etc', name)), join('/var/spool/postfix/etc', name))
  }
}

function put(file: string, text: string): void {
  writeFileSync(file, text)
  chmodSync(file, 0o644)
}
