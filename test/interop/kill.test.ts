/** kill -9 while 50 sessions send: after the restart every message that got 250 is delivered, none is lost. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialogue, maildir, sleep, startProcess, tempFolder, until } from '@postern/testkit'
import { site } from './support/config.ts'

const SESSIONS = 50

test('50 sessions, three kills', async () => {
  const folder = await tempFolder('postern-kill')
  const mail = join(folder.path, 'mail')
  const mta = await startProcess(site({ mail }))
  const acknowledged = new Set<string>()
  try {
    for (let round = 0; round < 3; round++) {
      const sending = Array.from({ length: SESSIONS }, (_, s) => send(mta.ports[0]!, `r${round}s${s}`, acknowledged))
      await sleep(400 + round * 300)
      await mta.kill()
      await Promise.all(sending)
      await mta.start()
    }
    assert.ok(acknowledged.size > SESSIONS, `only ${acknowledged.size} were acknowledged`)
    const box = maildir(join(mail, 'rich'))
    const subjects = async () => new Set((await box.messages()).map((m) => m.header('Subject')!))
    await until(
      'all acknowledged messages',
      async () => {
        const there = await subjects()
        return [...acknowledged].every((a) => there.has(a))
      },
      30_000,
    )
    const all = (await box.messages()).map((m) => m.header('Subject')!)
    const twice = all.length - new Set(all).size
    process.stdout.write(`# ${acknowledged.size} acknowledged, ${all.length} delivered, ${twice} twice\n`)
    assert.is(await mta.stop(), 0)
  } finally {
    await mta.remove()
    await folder.remove()
  }
})

/** One session after the other's message until the daemon dies; what got 250 is noted. */
async function send(port: number, name: string, acknowledged: Set<string>): Promise<void> {
  try {
    const d = await dialogue(port)
    await d.send('EHLO client.example')
    for (let i = 0; ; i++) {
      const subject = `${name}m${i}`
      for (const line of ['MAIL FROM:<a@b.example>', 'RCPT TO:<rich@site.example>', 'DATA']) await d.send(line)
      const reply = await d.data(`Subject: ${subject}\n\n${'x'.repeat(2000)}\n`)
      if (reply.startsWith('250')) acknowledged.add(subject)
    }
  } catch {
    // the daemon was killed: that is the test
  }
}

test.run()
