/** A server that is only asked (sendmail -bv): MAIL, RCPT and no DATA. */
import { fakeCall } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deliver, rig } from './core.ts'
import type { Script } from './next-hop.ts'
import { nextHop } from './next-hop.ts'

const HOST = '127.0.0.9[127.0.0.9]'
const MAIL = 'MAIL FROM:<a@b.example>'
const said = (reply: string, command: string) => `host ${HOST} said: ${reply} (in reply to ${command} command)`
const BAD = { 'RCPT TO:<bad@': '550 5.1.1 no', 'RCPT TO:<soft@': '450 4.2.1 busy' }
const MIXED = [
  'delivered 2.1.5 250 2.1.5 Ok',
  `failed 5.1.1 ${said('550 5.1.1 no', 'RCPT TO')}`,
  `deferred 4.2.1 ${said('450 4.2.1 busy', 'RCPT TO')}`,
]
const table: [what: string, script: Script, expected: string[], verbs: string[]][] = [
  ['each has its own answer', BAD, MIXED, ['EHLO', 'MAIL', 'RCPT', 'RCPT', 'RCPT', 'RSET']],
  [
    'the same without PIPELINING',
    { ...BAD, EHLO: '250 next.example' },
    MIXED,
    ['EHLO', 'MAIL', 'RCPT', 'RCPT', 'RCPT'],
  ],
  [
    'the sender is refused',
    { EHLO: '250 next.example', MAIL: '550 5.7.1 go away' },
    ['ok', 'bad', 'soft'].map(() => `failed 5.7.1 ${said('550 5.7.1 go away', 'MAIL FROM')}`),
    ['EHLO', 'MAIL'],
  ],
  [
    'too big by what it offers',
    { EHLO: '250-next.example\n250 SIZE 5' },
    ['ok', 'bad', 'soft'].map(() => `failed 5.3.4 message size 22 exceeds size limit 5 of server ${HOST}`),
    ['EHLO'],
  ],
]
for (const [what, script, expected, verbs] of table)
  test(what, async () => {
    const hop = await nextHop(script)
    const out = rig()
    const to = ['ok@x', 'bad@x', 'soft@x']
    const call = fakeCall({ dry: true, deadline: Infinity })
    const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, to }, call)
    assert.equal(
      to.map((r) => `${outcomes[r]!.kind} ${outcomes[r]!.esc} ${outcomes[r]!.text.replace(/size \d+ /, 'size 22 ')}`),
      expected,
    )
    for (const r of to) assert.is(outcomes[r]!.relay, `127.0.0.9[127.0.0.9]:${hop.port}`)
    const lines = hop.sessions[0]!.lines.filter((line) => line !== 'QUIT')
    assert.equal(
      lines.map((line) => line.split(' ')[0]),
      verbs,
    )
    if (verbs.includes('MAIL')) assert.ok(lines.some((line) => line.startsWith(MAIL)))
    assert.equal(hop.sessions[0]!.messages, [])
    await out.stop()
    await hop.close()
  })
test.run()
