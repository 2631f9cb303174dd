/** What Postfix answers. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programPath } from '@postern/testkit'

let etc: string | undefined
/** The value, `(absent)` or `(failed)`. */
export function postmap(table: string, key: string): string {
  if (etc === undefined) {
    etc = mkdtempSync(join(tmpdir(), 'postmap-'))
    writeFileSync(
      join(etc, 'main.cf'),
      'compatibility_level = 3.6\nmyhostname = mail.example\ninet_interfaces = 127.0.0.1\n',
    )
    copyFileSync('/etc/postfix/dynamicmaps.cf', join(etc, 'dynamicmaps.cf'))
    const more = '/etc/postfix/dynamicmaps.cf.d'
    if (existsSync(more)) cpSync(more, join(etc, 'dynamicmaps.cf.d'), { recursive: true })
  }
  const run = spawnSync(programPath('postmap')!, ['-c', etc, '-q', key, table], { encoding: 'utf8', timeout: 10_000 })
  if (run.status === 0) return run.stdout.replace(/\n$/, '')
  return /fatal|query error|warning: .*(failed|exceeded)/.test(run.stderr) ? '(failed)' : '(absent)'
}
