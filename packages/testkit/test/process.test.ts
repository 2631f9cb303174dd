import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maildir, nextHop, startProcess, tempFolder } from '@postern/testkit'
import type { Config } from '@postern/core'

const config = (folder: string, hop: number): Config => ({
  spool: join(folder, 'spool'),
  plugins: [
    { 'listen-smtp': { port: 0, smtpdPeernameLookup: false } },
    'queue-journal',
    { 'lookup-dns': { hostsFile: '' } },
    { 'route-classes': { mydestination: ['site.example'], relayhost: `[127.0.0.1]:${hop}` } },
    'policy-relay',
    { 'deliver-maildir': { mailboxBase: join(folder, 'mail') } },
    'deliver-smtp',
    'ops-log',
  ],
})

test('kill -9 after 250: the mail is there after the next start', async () => {
  const folder = await tempFolder()
  // the next hop hangs, so that one recipient is certainly not done
  const hop = await nextHop({ hang: ['DATA'] })
  const mta = await startProcess(config(folder.path, hop.port))
  const d = await mta.dialogue()
  const to = ['rich@site.example', 'far@elsewhere.example']
  assert.match((await d.message({ from: 'a@client.example', to, text: 'Subject: x\n\ny\n' })).at(-1)!, /^250/)
  const first = mta.pid
  await mta.kill()
  await d.ended()
  await d.close()
  hop.change({ hang: [] })
  await mta.start()
  assert.is.not(mta.pid, first)
  await hop.waitFor(1)
  await maildir(join(folder.path, 'mail/site.example/rich')).waitFor(1)
  assert.is(await mta.stop(), 0)
  assert.ok(mta.log.length > 0, mta.output)
  await mta.remove()
  await hop.stop()
  await folder.remove()
})

test('a configuration that does not start says why', async () => {
  const error = await startProcess({ plugins: [{ 'listen-smtp': { prot: 0 } }] }).then(
    () => undefined,
    (e: Error) => e,
  )
  assert.match(error?.message ?? '', 'ended before its ports answered')
  assert.match(error?.message ?? '', 'prot: unknown option')
})

test.run()
