/** Clients that come while the rest of the node is still starting. */
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { definePlugin } from '@postern/core'
import { dialogue, freePort, startMta } from '@postern/testkit'
import { z } from 'zod'

const slow = definePlugin({
  name: 'slow-start',
  options: z.strictObject({}),
  apply(mta) {
    mta.lifecycle({ start: () => new Promise<void>((done) => setTimeout(done, 500)) })
  },
})
const answers = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false))
    // one that has gone again is nobody's fault
    socket.on('connect', () => socket.resetAndDestroy())
  })

test('they wait, and are served when it has started', async () => {
  const port = await freePort()
  const starting = startMta({
    plugins: [
      { 'queue-journal': {} },
      { 'listen-smtp': { host: '127.0.0.1', port, smtpdPeernameLookup: false } },
      slow({}),
      'policy-relay',
      { 'route-classes': { localTransport: 'discard', defaultTransport: 'discard' } },
      'deliver-discard',
    ],
  })
  while (!(await answers(port))) await new Promise((wake) => setTimeout(wake, 5))
  const state = await Promise.race([starting.then(() => 'started'), Promise.resolve('starting')])
  assert.is(state, 'starting')
  const client = await dialogue(port)
  assert.match(await client.send('NOOP'), /^250 /)
  await client.close()
  await (await starting).stop()
})
test.run()
