/** Against what a live Postfix 3.7 answered to the end of the data. */
import { readFileSync } from 'node:fs'
import type { Refuse } from '@postern/core'
import { draftView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import filter from '@postern/filter-mime'

type Options = Parameters<typeof filter>[0]
interface Recorded {
  readonly options: Options
  /** replies by message; those that are not here were taken */
  readonly said: Record<string, string>
  /** messages with that many multiparts inside each other that were refused */
  readonly deep: string[]
}
const { messages, recorded } = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as {
  messages: Record<string, string>
  recorded: Recorded[]
}
async function said(text: string, options: Options): Promise<string> {
  const at = text.indexOf('\n\n') + 1
  const plugin = tap(filter, options, { site: { headerSizeLimit: 102_400 } } as never)
  const view = draftView({ header: text.slice(0, at), body: text.slice(at + 1), tier: 'stream' })
  const answer = (await plugin.cleanup(view)) as Refuse | undefined
  return answer ? `${answer.code} ${answer.esc} ${answer.text}` : ''
}
const deep = (n: number) => {
  const parts = Array.from(
    { length: n - 1 },
    (_, i) => `--b${i}x\nContent-Type: multipart/mixed; boundary=b${i + 1}x\n\n`,
  )
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0x\n\n${parts.join('')}--b${n - 1}x\n\nx\n`
}
for (const { options, said: replies, deep: refused } of recorded) {
  const what = JSON.stringify(options)
  for (const [name, text] of Object.entries(messages))
    test(`${what}: ${name}`, async () => assert.is(await said(text, options), replies[name] ?? ''))
  for (const n of [99, 102, 103])
    test(`${what}: ${n} multiparts inside each other`, async () => {
      const reply = refused.includes(`deep${n}`) ? '550 5.6.0 MIME nesting exceeds safety limit' : ''
      assert.is(await said(deep(n), options), reply)
    })
}
test('another limit', async () => {
  const options = { strict8bitmimeBody: true, mimeNestingLimit: 3 }
  assert.is(await said(deep(5), options), '')
  assert.is(await said(deep(6), options), '550 5.6.0 MIME nesting exceeds safety limit')
})
test('the log learns where', async () => {
  const plugin = tap(filter, { strict8bitmime: true }, { site: { headerSizeLimit: 102_400 } } as never)
  const cause = async (header: string, body: string) => {
    const answer = await plugin.cleanup(
      draftView({ header: Buffer.from(header).toString('latin1'), body, tier: 'stream' }),
    )
    return (answer as Refuse | undefined)?.cause
  }
  assert.is(
    await cause('X-Name: Jörg\r\n', ''),
    'mime-error improper use of 8-bit data in message header: X-Name: Jörg',
  )
  assert.is(
    await cause('A: b\r\n', 'one\r\nüber\r\nthree\r\n'),
    'mime-error improper use of 8-bit data in message body: über',
  )
})
test.run()
