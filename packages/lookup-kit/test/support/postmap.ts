/** What Postfix answers. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programPath } from '@postern/testkit'
import { writeOld } from './old-file.ts'

let etc: string | undefined
/** For each key its value, `(absent)` or, for all of them, `(failed)`. */
export function postmap(table: string, keys: readonly string[]): Map<string, string> {
  if (etc === undefined) {
    etc = mkdtempSync(join(tmpdir(), 'postmap-'))
    writeOld(
      join(etc, 'main.cf'),
      'compatibility_level = 3.6\nmyhostname = mail.example\ninet_interfaces = 127.0.0.1\n',
    )
    copyFileSync('/etc/postfix/dynamicmaps.cf', join(etc, 'dynamicmaps.cf'))
    const more = '/etc/postfix/dynamicmaps.cf.d'
    if (existsSync(more)) cpSync(more, join(etc, 'dynamicmaps.cf.d'), { recursive: true })
  }
  const command = ['-c', etc, '-q', '-', table]
  const run = spawnSync(programPath('postmap')!, command, {
    encoding: 'utf8',
    input: keys.join('\n') + '\n',
    timeout: 20_000,
  })
  const failed = /fatal|query error|warning: .*(failed|exceeded)/.test(run.stderr)
  const found = new Map(run.stdout.split('\n').map((line) => line.split('\t') as [string, string]))
  return new Map(keys.map((key) => [key, found.get(key) ?? (failed ? '(failed)' : '(absent)')]))
}
