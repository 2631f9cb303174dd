/**
 * The room of a case: a folder on a file system in memory, a network of its own, people, a name server and next hops. It is made
 * inside private namespaces and ends with them, so nothing here is undone.
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
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { zone } from './testkit.ts'
import { ROOT } from '../cases.ts'
import type { Case } from '../cases.ts'
import type { Scene } from '../judge/observe.ts'
import { authServer } from '../peers/auth.ts'
import { PolicyServer } from '../peers/policy.ts'
import { Sink } from '../peers/sink.ts'
import { baseFile, etcFiles, modeOf, placeOf } from './etc.ts'
import { PEOPLE, VMAIL, accountFiles, uidOf } from './people.ts'
import { sh } from './shell.ts'

export const PORT = 2525
const PORTS = { '@PORT@': PORT, '@PORT2@': PORT + 1, '@PORT3@': PORT + 2 } as const
const FOLDERS: readonly (readonly [name: string, mode: number])[] = [
  ['etc', 0o755],
  ['home', 0o755],
  ['mail', 0o1777],
  ['vmail', 0o755],
  ['pipe', 0o1777],
  ['bin', 0o755],
  ['tls', 0o755],
  ['run', 0o1777],
  ['data', 0o755],
  ['queue', 0o755],
  // what stands over the system's files
  ['root', 0o755],
]

export class Room {
  readonly case: Case
  readonly folder: string
  readonly sinks = new Map<string, Sink>()
  #policy: PolicyServer | undefined

  /** `folder` is there, empty, and will be mounted over. */
  constructor(c: Case, folder: string) {
    this.case = c
    this.folder = folder
  }
  get etc(): string {
    return join(this.folder, 'etc')
  }
  get scene(): Scene {
    return {
      folder: this.folder,
      ports: PORTS,
      files: join(this.case.folder, 'files'),
      taken: Object.fromEntries([...this.sinks].map(([name, sink]) => [name, sink.taken])),
      policy: this.#policy?.requests,
    }
  }
  port(name: string): number {
    const found = (PORTS as Readonly<Record<string, number>>)[name]
    if (found === undefined) throw new Error(`no port has this name: ${name}`)
    return found
  }
  /** Placeholders become this room's values. */
  fill(text: string): string {
    const t = text.replaceAll('@DIR@', this.folder)
    return Object.entries(PORTS).reduce((all, [name, port]) => all.replaceAll(name, String(port)), t)
  }
  put(name: string, text: string, { mode = 0o644, owner = 0 } = {}): void {
    const file = join(this.folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, this.fill(text))
    chmodSync(file, mode)
    chownSync(file, owner, owner)
  }

  async make(): Promise<void> {
    forgetOthers()
    sh('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', this.folder)
    for (const [name, mode] of FOLDERS) this.#makeFolder(name, mode)
    this.#network()
    this.#people()
    await zone(this.#zoneText(), { port: 53 })
    this.put('bin/catch', baseFile('catch'), { mode: 0o755 })
    if (this.case.spec.tls) this.#certificate()
    this.#files()
    await this.#peers()
    for (const [name, text] of etcFiles(this.case.folder)) this.put(join('etc', name), text)
  }

  /** As an admin would: `postmap` for the tables that are said to be indexed, `postalias` for the aliases. */
  index(): void {
    const { postmap = [], postalias = [] } = this.case.spec
    for (const table of postmap) this.indexTable('postmap', table)
    for (const table of ['aliases', ...postalias]) this.indexTable('postalias', table)
  }
  indexTable(program: 'postmap' | 'postalias', table: string): void {
    const name = table.includes(':') ? this.fill(table) : `hash:${join(this.etc, table)}`
    sh(program, '-c', this.etc, name)
  }

  #makeFolder(name: string, mode: number, owner = 0): void {
    const folder = join(this.folder, name)
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, mode)
    chownSync(folder, owner, owner)
  }

  #network(): void {
    sh('ip', 'link', 'set', 'lo', 'up')
    sh('hostname', 'mail.postern.example')
    for (const address of this.case.spec.addresses ?? []) {
      sh('ip', 'addr', 'add', `${address}/${address.includes(':') ? 128 : 32}`, 'dev', 'lo')
    }
  }

  #people(): void {
    for (const [name, id] of Object.entries(PEOPLE)) this.#makeFolder(join('home', name), 0o755, id)
    this.#makeFolder('vmail', 0o755, VMAIL)
    const homeOf = (name: string) => join(this.folder, 'home', name)
    const accounts = accountFiles(readFileSync('/etc/passwd', 'utf8'), readFileSync('/etc/group', 'utf8'), homeOf)
    const files = {
      ...accounts,
      'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n',
      hosts: '127.0.0.1 localhost\n',
      'nsswitch.conf': baseFile('nsswitch.conf'),
    }
    this.#systemFiles(files)
  }

  /**
   * An /etc of the room's own: links to the machine's, but for what is the room's. A mount for each file would go when somebody
   * outside renames another file to its place, as useradd does with passwd.
   */
  #systemFiles(own: Readonly<Record<string, string>>): void {
    const machine = join(this.folder, 'root/machine')
    this.#makeFolder('root/machine', 0o755)
    this.#makeFolder('root/etc', 0o755)
    sh('mount', '--bind', '/etc', machine)
    const copied = ['postfix']
    for (const name of readdirSync(machine)) {
      if (name in own) continue
      const place = join(this.folder, 'root/etc', name)
      if (copied.includes(name)) cpSync(join(machine, name), place, { recursive: true, verbatimSymlinks: true })
      else symlinkSync(join(machine, name), place)
    }
    for (const [name, text] of Object.entries(own)) this.put(join('root/etc', name), text)
    sh('mount', '--bind', join(this.folder, 'root/etc'), '/etc')
  }

  #zoneText(): string {
    const file = join(this.case.folder, 'zone')
    return existsSync(file) ? this.fill(readFileSync(file, 'utf8')) : ''
  }

  #certificate(): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']
    const subject = ['-subj', '/CN=mail.postern.example']
    const names = ['-addext', 'subjectAltName=DNS:mail.postern.example,DNS:localhost']
    const at = (name: string) => join(this.folder, 'tls', name)
    sh('openssl', 'req', '-x509', ...key, ...subject, ...names, '-keyout', at('key.pem'), '-out', at('cert.pem'))
  }

  #files(): void {
    const source = join(this.case.folder, 'files')
    const entries = existsSync(source) ? readdirSync(source, { recursive: true, withFileTypes: true }) : []
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const name = file.slice(source.length + 1)
      const [top, user = ''] = name.split('/')
      const owner = top === 'home' ? uidOf(user) : 0
      this.put(placeOf(name), readFileSync(file, 'utf8'), { mode: modeOf(name), owner })
    }
    for (const [name, owner] of Object.entries(this.case.spec.dirs ?? {})) {
      this.#makeFolder(name, 0o755, uidOf(owner))
    }
  }

  async #peers(): Promise<void> {
    const { sinks = {}, policy, auth } = this.case.spec
    for (const [name, spec] of Object.entries(sinks)) {
      const sink = new Sink(name, spec, join(this.folder, 'tls'))
      this.sinks.set(name, sink)
      if (!spec.down) await sink.up()
    }
    if (policy) {
      this.#policy = new PolicyServer(policy)
      await this.#policy.up()
    }
    if (auth) await authServer(join(this.folder, 'run/auth'), auth)
  }
}

/**
 * A mount namespace begins with a copy of every mount. What others have mounted for a while (a disk of a fault test) must not live on
 * in this one when they unmount it.
 */
function forgetOthers(): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${tmpdir()}/`) && !`${ROOT}/`.startsWith(`${point}/`))
  // the inner ones stand later in the list
  for (const point of points.reverse()) sh('umount', '-l', point)
}
