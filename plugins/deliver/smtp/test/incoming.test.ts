/** What has come is read once, in its order, with what came from others in the same turn, and before an end counts. */
import { setImmediate as immediate } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { IncomingReplies } from '../src/incoming.ts'

const incoming = () => {
  const said: string[] = []
  const replies = new IncomingReplies({
    reply: (text) => Boolean(said.push(text)),
    broken: (kind) => void said.push(kind),
  })
  return { replies, said }
}
const bytes = (text: string) => Buffer.from(text)

test('read in its turn, not at once', async () => {
  const { replies, said } = incoming()
  replies.takeInTurn(bytes('250 a\r\n25'))
  replies.takeInTurn(bytes('0 b\r\n'))
  assert.equal(said, [])
  await immediate()
  assert.equal(said, ['250 a', '250 b'])
})
test('the end of a connection waits for what was said before', async () => {
  const { replies, said } = incoming()
  replies.takeInTurn(bytes('250 taken\r\n'))
  const order: string[] = []
  assert.is(
    replies.later(() => order.push('end')),
    false,
  )
  assert.equal(said, ['250 taken'])
  await immediate()
  assert.equal(said, ['250 taken'])
})
test('what a table is asked about goes first', async () => {
  const { replies, said } = incoming()
  replies.filter = async (line) => (await immediate(), `${line}, asked`)
  replies.takeInTurn(bytes('250 a\r\n'))
  replies.take(bytes('250 b\r\n'))
  const ended = new Promise<void>((done) => assert.is(replies.later(done), true))
  await ended
  assert.is(said[0], '250 a, asked')
  while (said.length < 2) await immediate()
  assert.equal(said, ['250 a, asked', '250 b, asked'])
})

test.run()
