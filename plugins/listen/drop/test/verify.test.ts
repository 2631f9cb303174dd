/** sendmail -bv and -v: the reports, as a live Postfix 3.7 words them. Next hops are asked in the conformance cases cli-03, cli-59 and cli-75. */
import { definePlugin, defer, expand, refuse, routeTo } from '@postern/core'
import { until } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { dropFile, dropSite } from './support/site.ts'
import type { DropSite } from './support/site.ts'

const HOST = 'mail.site.example'
const ROUTES = definePlugin({
  name: 'routes',
  options: z.strictObject({}),
  apply(mta) {
    mta.resolve.tap({ phase: 'early' }, ({ recipient }) => {
      switch (recipient.local) {
        case 'list':
          return expand(['box', 'moved'])
        case 'nouser':
          return refuse('5.1.1', 'unknown user: "nouser"', { relay: 'local' })
        case 'away':
          return defer('4.4.3', 'the directory is away')
        case 'moved':
          return routeTo('error', '5.1.6 it has moved')
        case 'broken':
          throw new Error('a fault')
        default:
          return undefined
      }
    })
  },
})
const PROBE = 'From: me\nSubject: probe\nTo: all\n\n'

let site: DropSite
const table = suite('verify')
table.before(async () => void (site = await dropSite({}, { plugins: [ROUTES({})] })))
table.after(() => site.stop())

/** asked; then of each address: Final-Recipient, Original-Recipient, Action, Status, text */
const cases: [string, string, ...[string, string, string, string, string][]][] = [
  ['a mailbox', 'box', ['box', `box@${HOST}`, 'deliverable', '2.0.0', 'delivery via maildir: delivers to maildir']],
  [
    'an unknown user',
    'nouser',
    ['nouser', `nouser@${HOST}`, 'undeliverable', '5.1.1', 'delivery via local: unknown user: "nouser"'],
  ],
  ['a directory that is away', 'away', ['away', `away@${HOST}`, 'undeliverable', '4.4.3', 'the directory is away']],
  ['a route to an error', 'moved', ['moved', `moved@${HOST}`, 'undeliverable', '5.1.6', 'it has moved']],
  [
    'a fault',
    'broken',
    ['broken', `broken@${HOST}`, 'undeliverable', '4.3.0', 'address resolution failed for the moment'],
  ],
  ['no address', 'a b c <', ['a b c <', 'a b c <', 'undeliverable', '5.1.3', 'bad address syntax']],
  [
    'an alias',
    'list',
    ['box', `list@${HOST}`, 'deliverable', '2.0.0', 'delivery via maildir: delivers to maildir'],
    ['moved', `list@${HOST}`, 'undeliverable', '5.1.6', 'it has moved'],
  ],
]
cases.forEach(([what, asked, ...comes], n) =>
  table(what, async () => {
    site.put(`m.${n}`, dropFile(PROBE, { sender: `me${n}`, recipients: [asked], verify: true }))
    const [mail] = await site.box(`me${n}`).waitFor(1)
    assert.is(mail!.header('return-path'), '<>')
    assert.is(mail!.header('subject'), 'Mail Delivery Status Report')
    const body = mail!.raw.replaceAll('\r\n', '\n')
    assert.match(body, 'Enclosed is the mail delivery report that you requested.\n')
    assert.match(body, `\nFrom: me\nSubject: probe\nTo: all\nMessage-Id: `)
    const people = /The mail system\n([^]*?)\n--/.exec(body)![1]!.trim().split('\n\n')
    const fields = [...body.matchAll(/^Final-Recipient: [^]*?(?=\n\n)/gm)].map(([text]) => text)
    assert.equal(
      fields,
      comes.map(([final, original, action, status, text]) =>
        [
          `Final-Recipient: rfc822; ${final}`,
          `Original-Recipient: rfc822;${original}`,
          `Action: ${action}`,
          `Status: ${status}`,
          `Diagnostic-Code: X-Postern; ${text}`,
        ].join('\n'),
      ),
    )
    assert.equal(
      people,
      comes.map(([final, , , , text]) =>
        final === asked ? `<${final}>: ${text}` : `<${final}> (expanded from <${asked}>): ${text}`,
      ),
    )
  }),
)
table('nothing is delivered, the files are gone, nobody is told where nobody asked', async () => {
  site.put('m.null', dropFile(PROBE, { sender: '', recipients: ['box'], verify: true }))
  await until('an empty folder', () => site.names().length === 0)
  await site.mta.idle()
  assert.is((await site.box('box').messages()).length, 0)
  assert.equal(site.corrupt(), [])
  assert.is(site.mta.log.named('drop.pickup').length, cases.length + 1)
})
table('-v: a report of the first attempt, whatever NOTIFY says, beside the bounce', async () => {
  const recipients = [{ address: 'box', notify: ['NEVER' as const] }, 'nouser', 'away']
  site.put('m.report', dropFile('Subject: s\n\nx\n', { sender: 'teller', recipients, report: true }))
  const mails = await site.box('teller').waitFor(2)
  const told = mails.map((mail) => [mail.header('subject'), mail.raw.match(/^Action: .*$/gm)])
  assert.equal(told.sort(), [
    ['Mail Delivery Status Report', ['Action: delivered', 'Action: failed', 'Action: delayed']],
    ['Undelivered Mail Returned to Sender', ['Action: failed']],
  ])
  await site.box('box').waitFor(1)
})
table('a list too long to verify is put aside', async () => {
  const recipients = Array.from({ length: 1001 }, (_, n) => `u${n}@remote.example`)
  site.put('m.long', dropFile(PROBE, { recipients, verify: true }))
  await site.mta.log.waitFor('drop.corrupt', { file: 'm.long' })
})
table.run()
