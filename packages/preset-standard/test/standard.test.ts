import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from 'node:net'
import { createNode, loadConfig } from '@postern/core'
import type { Config, LogSink, Node } from '@postern/core'
import preset from '@postern/preset-standard'

const here = path.dirname(fileURLToPath(import.meta.url))

/** The defaults on a free port, over a folder of their own. */
async function running(config: Config, fn: (at: { node: Node; port: number; folder: string }) => Promise<void>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'postern-standard-'))
  let port = 0
  const log: LogSink = {
    enabled: () => true,
    write: (_level, event, fields) => {
      if (event === 'listener.open') port = fields.port as number
    },
  }
  try {
    const node = await createNode(await loadConfig({ config, folder }), { log, resolveFrom: [here] })
    await node.start()
    try {
      await fn({ node, port, folder })
    } finally {
      await node.stop(1000)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
/** what a command uses where there is no configuration file, but for the port and the log */
const changed: Record<string, object> = {
  '@postern/listen-smtp': { listen: ['127.0.0.1:0'] },
  '@postern/ops-log': { level: 'error' },
}
const embedded: Config = {
  ...preset,
  plugins: preset.plugins!.map((p) => {
    const entry = (typeof p === 'string' ? { [p]: {} } : p) as Record<string, unknown>
    const name = Object.keys(entry).find((k) => k in changed)
    return name === undefined ? p : { ...entry, [name]: changed[name] }
  }),
}
/** Says each line when the last one was answered; the codes of the answers. */
async function say(port: number, lines: readonly string[]): Promise<string[]> {
  const socket = connect(port, '127.0.0.1')
  const codes: string[] = []
  let left = ''
  let next = 0
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) {
    const replies = (left + chunk).split('\r\n')
    left = replies.pop()!
    for (const reply of replies) {
      if (!/^\d{3} /.test(reply)) continue
      codes.push(reply.slice(0, 3))
      if (next < lines.length) socket.write(`${lines[next++]}\r\n`)
    }
  }
  return codes
}

test('mail for you@localhost lands in ./var/mail/you/', async () => {
  await running(embedded, async ({ node, port, folder }) => {
    const message = ['Subject: hello', '', 'Hello!', '.'].join('\r\n')
    const said = ['EHLO me', 'MAIL FROM:<test@example.org>', 'RCPT TO:<you@localhost>', 'DATA', message, 'QUIT']
    assert.equal(await say(port, said), ['220', '250', '250', '250', '354', '250', '221'])
    await node.idle()
    const box = path.join(folder, 'var/mail/you/new')
    const [name, ...more] = await readdir(box)
    assert.is(more.length, 0)
    assert.match(await readFile(path.join(box, name!), 'utf8'), /^Subject: hello$/m)
  })
})

test('strangers cannot relay, and own clients can', async () => {
  await running(embedded, async ({ node }) => {
    const from = (client: string) => node.explain({ client, sender: 'a@example.org', recipients: ['b@example.net'] })
    assert.is((await from('192.0.2.1')).accepted, false)
    assert.is((await from('127.0.0.1')).accepted, true)
  })
})

test('a configuration that extends it changes options by name', async () => {
  const config: Config = {
    extends: 'standard',
    plugins: [
      { 'listen-smtp': { listen: ['127.0.0.1:0'] }, as: 'mx' },
      { 'deliver-maildir': { mailboxPath: 'boxes/%u/' } },
      { 'deliver-discard': false },
      { 'ops-log': { level: 'error' } },
    ],
  }
  await running(config, async ({ node, folder }) => {
    const names = node.plugins().map((p) => p.use)
    assert.is(names.filter((n) => n === 'mx' || n === 'listen-smtp').length, 1)
    assert.not(names.includes('deliver-discard'))
    await node.submit({ sender: '', recipients: ['you@localhost'], content: 'Subject: x\n\nx\n' })
    await node.idle()
    assert.is((await readdir(path.join(folder, 'var/mail/boxes/you/new'))).length, 1)
  })
})

test.run()
