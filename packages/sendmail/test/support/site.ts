/** The commands as an unprivileged user calls them, against a spool whose daemon is up or down. */
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '@postern/core'
import { maildir, programPath, startProcess } from '@postern/testkit'
import type { Maildir, MtaProcess } from '@postern/testkit'

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '../..')
/** as root the commands run as nobody */
const drops = process.getuid?.() === 0 && programPath('setpriv') !== undefined
export const UID = drops ? 65534 : process.getuid!()
const AS_NOBODY = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups']

export interface Ran {
  readonly exit: number | null
  readonly out: string
  readonly err: string
}
export interface RunOptions {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** as the user of the test, the daemon's own */
  readonly privileged?: boolean
  /** the name it is called by */
  readonly name?: 'sendmail' | 'mailq' | 'newaliases'
}

export class CommandSite {
  readonly folder: string
  readonly spool: string
  daemon!: MtaProcess
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'postern-sendmail-'))
    chmodSync(this.folder, 0o755)
    this.spool = join(this.folder, 'spool')
    // a checkout may lie where nobody else may look
    cpSync(join(PACKAGE, 'dist'), join(this.folder, 'lib/dist'), { recursive: true })
    cpSync(join(PACKAGE, 'bin'), join(this.folder, 'lib/bin'), { recursive: true })
    writeFileSync(join(this.folder, 'lib/package.json'), '{ "type": "module" }\n')
    mkdirSync(join(this.folder, 'bin'))
    for (const name of ['sendmail', 'mailq', 'newaliases'])
      symlinkSync('../lib/bin/sendmail.js', join(this.folder, 'bin', name))
  }
  /** `port`: the SMTP listener's, which tells when the daemon is ready */
  config(port = 0): Config {
    return {
      myhostname: 'mail.site.example',
      spool: this.spool,
      plugins: [
        '@postern/ops-log',
        '@postern/queue-journal',
        '@postern/lookup-hash',
        '@postern/route-classes',
        { '@postern/deliver-maildir': { mailboxBase: join(this.folder, 'mail'), mailboxPath: '%u/' } },
        '@postern/lookup-dns',
        '@postern/deliver-smtp',
        '@postern/deliver-error',
        '@postern/ops-bounce',
        '@postern/policy-relay',
        '@postern/listen-drop',
        { '@postern/listen-smtp': { host: '127.0.0.1', port, smtpdPeernameLookup: false } },
      ],
    }
  }
  async start(): Promise<this> {
    this.daemon = await startProcess(this.config())
    return this
  }
  box(user: string): Maildir {
    return maildir(join(this.folder, 'mail', user))
  }
  waiting(): string[] {
    return readdirSync(join(this.spool, 'drop')).filter((name) => name !== 'corrupt')
  }
  run(args: readonly string[], { input = '', env, privileged, name = 'sendmail' }: RunOptions = {}): Promise<Ran> {
    const words = [process.execPath, join(this.folder, 'bin', name), ...args]
    const [program, ...rest] = drops && !privileged ? [...AS_NOBODY, ...words] : words
    return new Promise((resolve, reject) => {
      const child = spawn(program!, rest, {
        cwd: '/',
        env: { PATH: process.env.PATH, POSTERN_SPOOL: this.spool, ...env },
        timeout: 30_000,
      })
      let out = ''
      let err = ''
      child.stdout.setEncoding('utf8').on('data', (d: string) => (out += d))
      child.stderr.setEncoding('utf8').on('data', (d: string) => (err += d))
      child.on('error', reject)
      child.on('close', (exit) => resolve({ exit, out, err }))
      // a command that refuses need not read
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
    })
  }
  async remove(): Promise<void> {
    await (this.daemon as MtaProcess | undefined)?.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
