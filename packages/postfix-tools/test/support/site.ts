/** A daemon whose mail cannot be delivered, and a Postfix folder that says where its spool is. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess, until } from '@postern/testkit'
import type { MtaProcess } from '@postern/testkit'

const BIN = join(dirname(fileURLToPath(import.meta.url)), '../../bin')
/** nobody listens there */
export const DEAD = '127.0.0.7'

const MASTER = ['smtp', 'relay', 'local', 'virtual', 'error', 'retry', 'discard', 'lmtp']
  .map((name) => `${name} unix - - n - - ${name === 'relay' ? 'smtp' : name === 'retry' ? 'error' : name}\n`)
  .join('')

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), 'postern-site-'))
  readonly spool = join(this.folder, 'queue/postern')
  daemon!: MtaProcess
  async start(): Promise<this> {
    chmodSync(this.folder, 0o755)
    for (const name of ['etc', 'own', 'queue']) mkdirSync(join(this.folder, name))
    writeFileSync(join(this.folder, 'etc/master.cf'), MASTER)
    this.main()
    this.daemon = await startProcess({
      myhostname: 'mail.site.example',
      spool: this.spool,
      plugins: [
        '@postern/ops-log',
        '@postern/queue-journal',
        '@postern/lookup-hash',
        '@postern/lookup-dns',
        '@postern/route-classes',
        { '@postern/deliver-maildir': { mailboxBase: join(this.folder, 'mail'), mailboxPath: '%u/' } },
        '@postern/deliver-smtp',
        '@postern/deliver-error',
        '@postern/ops-bounce',
        '@postern/policy-relay',
        '@postern/listen-drop',
        { '@postern/listen-smtp': { host: '127.0.0.1', port: 0, smtpdPeernameLookup: false } },
      ],
    })
    return this
  }
  /** main.cf, with `more` in it */
  main(more = ''): void {
    const text = `compatibility_level = 3.6\nmyhostname = mail.site.example\nqueue_directory = ${this.folder}/queue\nalias_maps =\n`
    writeFileSync(
      join(this.folder, 'etc/main.cf'),
      `${text}maillog_file = ${this.folder}/maillog\nmaillog_file_prefixes = ${this.folder}\n${more}`,
    )
  }
  log(): string {
    return readFileSync(join(this.folder, 'maillog'), 'utf8')
  }
  run(program: string, args: readonly string[] = [], input = '', prefix: readonly string[] = []): Promise<Ran> {
    const words = [...prefix, process.execPath, join(BIN, program), ...args]
    return new Promise((resolve, reject) => {
      const child = spawn(words[0]!, words.slice(1), {
        cwd: '/',
        env: { PATH: process.env.PATH, TZ: 'UTC', MAIL_CONFIG: join(this.folder, 'etc') },
        timeout: 60_000,
      })
      let out = ''
      let err = ''
      child.stdout.setEncoding('utf8').on('data', (d: string) => (out += d))
      child.stderr.setEncoding('utf8').on('data', (d: string) => (err += d))
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, out, err }))
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
    })
  }
  /** Answers the id, when the first attempt has failed. */
  async submit(sender: string, ...recipients: readonly string[]): Promise<string> {
    const before = new Set((await this.rows()).map((r) => r.queue_id))
    await this.run('sendmail', ['-i', '-f', sender, ...recipients], 'Subject: hello\n\nhello there\n\n.dot\nlast\n')
    let id: string | undefined
    await until('a deferred message', async () => {
      const fresh = (await this.rows()).find((r) => !before.has(r.queue_id))
      if (fresh?.queue_name === 'deferred') id = fresh.queue_id
      return id !== undefined
    })
    return id!
  }
  async rows(): Promise<QueueRow[]> {
    const { out } = await this.run('postqueue', ['-j'])
    return out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as QueueRow)
  }
  async remove(): Promise<void> {
    await (this.daemon as MtaProcess | undefined)?.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
export interface QueueRow {
  readonly queue_name: string
  readonly queue_id: string
  readonly arrival_time: number
  readonly message_size: number
  readonly forced_expire: boolean
  readonly sender: string
  readonly recipients: readonly { readonly address: string; readonly delay_reason?: string }[]
}
