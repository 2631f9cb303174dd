import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { makeArchive } from './support/archive.ts'
import { LITTLE, onSite } from './support/command.ts'
import { rows } from './support/filled.ts'

const MESSAGES = {
  list: {
    sender: 'owner@here.example',
    hours: 2,
    held: 'to be looked at',
    to: [
      { address: 'l@here.example', original: 'l@here.example', state: 'expanded' },
      {
        address: 'done@far.example',
        original: 'l@here.example',
        parent: 0,
        state: 'delivered',
        esc: '2.0.0',
        text: 'ok',
      },
      { address: 'late@far.example', original: 'l@here.example', parent: 0, notify: ['NEVER'] },
    ],
    envelope: { envid: 'E1', ret: 'HDRS', client: { address: '192.0.2.1', name: 'c.example', protocol: 'ESMTP' } },
    content: 'Subject: list\r\nX-Folded: a\r\n\tb\r\n\r\n.dot\r\n\xe9\r\n',
  },
  other: { sender: '', held: 'x' },
}

test(
  'out to a folder and in again: envelope, age, who is pending, hold; bytes as they were',
  onSite(async (site) => {
    await site.config({ plugins: ['queue-journal', { [LITTLE]: {} }] })
    await site.run('start')
    await makeArchive(path.join(site.folder, 'in'), MESSAGES)
    const { out, err } = await site.run('queue', 'import', 'in', '--why', 'moved')
    assert.match(out, /^list imported as (\w+)$/m)
    assert.is(err, 'postern: 2 messages imported\n')
    const id = /^list imported as (\w+)$/m.exec(out)![1]!
    const message = (await rows(site)).find((m) => m.id === id)
    assert.is(message.held.reason, 'to be looked at')
    assert.match(message.held.by, /^\w+ \(uid \d+\)$/)
    assert.match(message.envelope.reason, /^list imported by \w+ \(uid \d+\): moved \(made by hand\)$/)
    assert.equal(
      message.recipients.map((r: { address: string; original: string; notify: string[] }) => [
        r.address,
        r.original,
        r.notify,
      ]),
      [['late@far.example', 'l@here.example', ['NEVER']]],
    )
    assert.equal(
      [message.envelope.envid, message.envelope.client.name, message.envelope.marks],
      ['E1', 'c.example', { 'made:mark': { by: 'hand' } }],
    )

    assert.is((await site.run('queue', 'export', '--to', 'out')).out, '2 messages exported to out\n')
    const file = (name: string) => readFile(path.join(site.folder, name))
    assert.equal(await file(`out/${id}.eml`), await file('in/list.eml'))
    const facts = JSON.parse((await file(`out/${id}.json`)).toString())
    assert.is(facts.envelope.created, message.envelope.created)
    const made = JSON.parse((await file('in/list.json')).toString())
    assert.is(message.envelope.created, made.envelope.created)
    assert.equal((await site.run('queue', 'export', id, 'NOSUCH', '--to', 'one', '--json')).code, 66)
    assert.equal(readdirSync(path.join(site.folder, 'one')).sort(), [`${id}.eml`, `${id}.json`])
    assert.is((await site.run('queue', 'import', 'out', '--hold', '--why', 'wait')).code, 0)
    assert.is((await rows(site)).filter((m) => m.held?.reason === 'wait').length, 2)
  }),
)

test(
  "a tar archive, the system's tar, and a daemon that is down",
  onSite(async (site) => {
    await site.config({ plugins: ['queue-journal', { [LITTLE]: {} }] })
    await site.run('start')
    await makeArchive(path.join(site.folder, 'in'), MESSAGES)
    spawnSync('tar', ['cf', 'in.tar', 'in'], { cwd: site.folder })
    assert.match((await site.run('queue', 'import', 'in.tar')).out, /^other imported as \w+$/m)
    const running = await rows(site)
    await site.run('stop')

    const from = 'postern: no postern is running on ~/spool: reading the queue from disk\n'
    const exported = await site.run('queue', 'export', '--to', 'all.tar', '--sender', 'owner@here.example')
    assert.equal(exported, { code: 0, out: '1 message exported to all.tar\n', err: from })
    const { id } = running.find((m) => m.envelope.sender !== '')
    const tar = spawnSync('tar', ['xOf', 'all.tar', `${id}.eml`], { cwd: site.folder })
    assert.is(tar.stdout.toString(), MESSAGES.list.content)
    const piped = await site.run('queue', 'export')
    assert.is(piped.err, `${from}postern: 2 messages exported\n`)
    assert.match(piped.out, /^\w{13}\.eml\0/)
    assert.match((await site.run('queue', 'show', id)).out, /^late@far\.example.*\n.*\n*[^]*^Subject: list$/m)
    assert.match((await site.run('queue', 'shape')).out, /^ *TOTAL +2 /m)
    assert.equal((await rows(site)).map((m) => m.id).sort(), running.map((m) => m.id).sort())
    // it was opened, and left as it was
    await site.run('start')
    assert.is((await rows(site)).length, 2)
  }),
)

test.run()
