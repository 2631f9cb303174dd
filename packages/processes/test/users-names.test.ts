/** A name service that is down is not taken for one that does not know the name. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { servicesIn } from '@postern/processes/name-services'
import { root } from './support/people.ts'

const lines: [text: string, services: string[]][] = [
  ['passwd: files systemd\n', ['files', 'systemd']],
  ['# passwd: nis\ngroup: ldap\n  passwd:files [!UNAVAIL=return] sss  # ldap\n', ['files', 'sss']],
  ['passwd:\tcompat[NOTFOUND=return SUCCESS=merge]nis\n', ['compat', 'nis']],
  ['group: files\n', []],
  ['', []],
]
test('the services of users in nsswitch.conf', () => {
  for (const [text, services] of lines) assert.equal(servicesIn(text, 'passwd'), services, text)
})

const NAMES = fileURLToPath(new URL('support/names.ts', import.meta.url))
/** Its own copy of /etc, in which hesiod asks a name server of its own loopback. */
const OWN = `ip link set lo up && cp -a /etc "$1/etc" && mount --bind "$1/etc" /etc || exit 99
printf 'lhs=.ns\\nrhs=.test\\nclasses=IN\\n' > /etc/hesiod.conf
rm -f /etc/resolv.conf; printf 'nameserver 127.0.0.1\\noptions timeout:1 attempts:1\\n' > /etc/resolv.conf
shift; exec "$@"`
test('found, absent and down, by a real service', () => {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'pn-etc-'))
  try {
    const args = ['-n', '-m', 'sh', '-c', OWN, 'sh', folder, process.execPath, '--import', 'tsx', NAMES]
    const run = root ? spawnSync('unshare', args, { encoding: 'utf8', timeout: 60_000 }) : undefined
    if (!run || run.error || run.status === 99 || run.status === 1)
      return void process.stdout.write(`# skipped: not root, or no right to unshare: ${run?.stderr ?? ''}\n`)
    assert.is(run.stderr, '')
    const said = JSON.parse(run.stdout) as Record<string, unknown>
    const failed = { kind: 'failed', cause: '"hesiod" of nsswitch.conf does not answer' }
    const absent = { kind: 'absent' }
    assert.is(said.nobody, 65534, 'who is in the files is found whatever is down')
    // hesiod has no groups, for which id(1) fails
    assert.equal(said.here, { kind: 'failed', cause: 'id -G: exit code 1' })
    assert.equal([said.before, said.down], [failed, absent])
    assert.equal([said.gone, said.asked], [absent, true])
    for (const name of ['servfail', 'late']) assert.equal(said[name], failed, name)
    assert.equal(said.mail, { kind: 'deferred', esc: '4.3.0', text: `temporary lookup failure: ${failed.cause}` })
    assert.equal(said.nomodule, { kind: 'failed', cause: '"nis" of nsswitch.conf does not answer' })
    assert.equal(said.local, absent)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})
test.run()
