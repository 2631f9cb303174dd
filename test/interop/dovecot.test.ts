/** Dovecot serves over IMAP what we delivered into a Maildir. */
import { execFileSync, spawn } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort, maildir, missingPrograms, programPath, startMta, tempFolder, until } from '@postern/testkit'
import { site } from './support/config.ts'

const why = process.getuid?.() === 0 ? missingPrograms('dovecot', '/usr/lib/dovecot/imap') : 'needs root'

/** Says lines in turn, waiting for each tagged answer; all that came back. */
function imap(port: number, commands: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const s = connect(port, '127.0.0.1')
    let all = ''
    let at = -1
    s.setEncoding('utf8').on('error', reject)
    s.setTimeout(10_000, () => s.destroy(new Error(`IMAP is silent after:\n${all}`)))
    s.on('data', (text: string) => {
      all += text
      const ready = at < 0 ? all.includes('* OK') : new RegExp(`^a${at} (OK|NO|BAD)`, 'm').test(all)
      if (!ready) return
      at++
      if (at < commands.length) s.write(`a${at} ${commands[at]}\r\n`)
      else s.end()
    })
    s.on('close', () => resolve(all))
  })
}

;(why ? test.skip : test)('what we delivered is there over IMAP', async () => {
  const folder = await tempFolder('postern-dovecot')
  const at = folder.path
  const mail = join(at, 'mail')
  const port = await freePort()
  await chmod(at, 0o755)
  await mkdir(mail)
  const id = (flag: string) => Number(execFileSync('id', [flag, 'mail'], { encoding: 'latin1' }))
  const [uid, gid] = [id('-u'), id('-g')]
  execFileSync('chown', [`${uid}:${gid}`, mail])
  await writeFile(join(at, 'users'), 'rich:richpw\n')
  const conf = `base_dir = ${at}/run
state_dir = ${at}/state
log_path = ${at}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:${mail}/%u
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = scheme=plain username_format=%u ${at}/users
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${mail}/%u
}
service imap-login {
  inet_listener imap {
    port = ${port}
  }
}
`
  await writeFile(join(at, 'dovecot.conf'), conf)
  const mta = await startMta(site({ mail, maildir: { uid, gid, virtualMinimumUid: 1 } }))
  const dovecot = spawn(programPath('dovecot')!, ['-F', '-c', join(at, 'dovecot.conf')], { stdio: 'ignore' })
  const gone = new Promise((r) => dovecot.once('close', r))
  try {
    const d = await mta.dialogue()
    await d.message({
      from: 'a@b.example',
      to: 'rich@site.example',
      text: 'From: a@b.example\nSubject: for imap\n\nread me over IMAP\n',
    })
    await maildir(join(mail, 'rich')).waitFor(1)
    await until('dovecot to listen', () => imap(port, ['LOGOUT']).catch(() => undefined))
    const all = await imap(port, [
      'LOGIN rich richpw',
      'SELECT INBOX',
      'FETCH 1 (BODY[HEADER.FIELDS (SUBJECT DELIVERED-TO)] BODY[TEXT])',
      'LOGOUT',
    ])
    assert.match(all, /\* 1 EXISTS/, all + (await readFile(join(at, 'log'), 'utf8').catch(() => '')))
    assert.match(all, /Subject: for imap/)
    assert.match(all, /Delivered-To: rich@site\.example/)
    assert.match(all, /read me over IMAP/)
  } finally {
    dovecot.kill('SIGTERM')
    await gone
    await mta.stop()
    await folder.remove()
  }
})

test.run()
