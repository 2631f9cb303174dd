/** A whole MTA with the drop folder, in this process, and files put into the folder by hand. */
import { chmodSync, chownSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Config } from '@postern/core'
import { trailer } from '@postern/sendmail'
import type { DropEnvelope } from '@postern/sendmail'
import { maildir, startMta } from '@postern/testkit'
import type { Maildir, TestMta } from '@postern/testkit'

export const asRoot = process.getuid?.() === 0
/** the user of files that are not the daemon's: nobody, where the test may give files away */
export const OTHER = asRoot ? 65534 : process.getuid!()

export interface DropSite {
  readonly mta: TestMta
  readonly drop: string
  box(user: string): Maildir
  /** Puts a file there, complete; its path. */
  put(name: string, bytes: string | Uint8Array, uid?: number): string
  /** names of mail and rubbish in the folder */
  names(): string[]
  corrupt(): string[]
  stop(): Promise<void>
}

/** The bytes of a file of the sendmail command. */
export function dropFile(content: string, envelope: Partial<DropEnvelope> = {}): Buffer {
  const bytes = Buffer.from(content.replace(/\r?\n/g, '\r\n'), 'utf8')
  const whole = { sender: 'user', recipients: ['box'], ...envelope }
  return Buffer.concat([bytes, trailer(whole, bytes.length, crc32(bytes))])
}

export async function dropSite(options: object = {}, more: { plugins?: unknown[] } & Config = {}): Promise<DropSite> {
  const spool = mkdtempSync(join(tmpdir(), 'postern-drop-'))
  const plugins = [
    '@postern/queue-journal',
    '@postern/route-classes',
    { '@postern/deliver-maildir': { mailboxBase: join(spool, 'mail'), mailboxPath: '%u/' } },
    '@postern/deliver-smtp',
    '@postern/lookup-dns',
    '@postern/deliver-error',
    '@postern/ops-bounce',
    { '@postern/listen-drop': options },
    ...(more.plugins ?? []),
  ]
  const mta = await startMta({ spool, ...more, plugins } as Config)
  const drop = join(spool, 'drop')
  return {
    mta,
    drop,
    box: (user) => maildir(join(spool, 'mail', user)),
    put(name, bytes, uid = OTHER) {
      const path = join(drop, name)
      const temporary = join(drop, `t.${name}`)
      writeFileSync(temporary, bytes, { mode: 0o640 })
      if (asRoot) chownSync(temporary, uid, process.getgid!())
      renameSync(temporary, path)
      return path
    },
    names: () => readdirSync(drop).filter((name) => name !== 'corrupt'),
    corrupt: () => readdirSync(join(drop, 'corrupt')),
    async stop() {
      await mta.stop()
      chmodSync(drop, 0o700)
      rmSync(spool, { recursive: true, force: true })
    },
  }
}
