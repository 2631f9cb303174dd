/** What the daemon would put aside is refused by the command: nobody is told of it later. And -bv, from end to end. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandSite } from './support/site.ts'

const MAIL = 'Subject: s\n\nbody\n'
const long = `${'x'.repeat(5000)}@y.example`

let site: CommandSite
const up = suite('sizes')
up.before(async () => void (site = await new CommandSite().start()))
up.after(() => site.remove())

const refused: [string, string[], string, RegExp][] = [
  ['a long recipient', ['box', long], MAIL, /^sendmail: fatal: address of more than 4096 characters: x{40}\.\.\.\n$/],
  ['a long one in the header', ['-t'], `To: box, ${long}\n\nx\n`, /address of more than 4096 characters/],
  ['a long sender', ['-f', long, 'box'], MAIL, /address of more than 4096 characters/],
  ['too many', ['a,'.repeat(60_000), 'b,'.repeat(60_000)], MAIL, /^sendmail: fatal: more than 100000 recipients\n$/],
]
for (const [what, args, input, text] of refused)
  up(what, async () => {
    const { exit, err } = await site.run(args, { input })
    assert.match(err, text)
    assert.is(exit, 75)
  })
up('a long name is cut', async () => {
  assert.is((await site.run(['-F', 'N'.repeat(3000), 'box'], { input: MAIL })).exit, 0)
  assert.is((await site.run(['box'], { input: MAIL, env: { NAME: 'N'.repeat(3000) } })).exit, 0)
  const all = await site.box('box').waitFor(2)
  for (const mail of all) assert.match(mail.raw.replace(/\r?\n[ \t]/g, ' '), /^From: N{900,1000} <\w+@/m)
  assert.equal(readdirSync(join(site.spool, 'drop/corrupt')), [])
})
up('-bv: the report comes by mail, and nothing else', async () => {
  const { exit, out } = await site.run(['-bv', '-f', 'asker', 'target', '@@'], { input: MAIL })
  assert.equal([exit, out], [0, 'Mail Delivery Status Report will be mailed to <asker>.\n'])
  const [mail] = await site.box('asker').waitFor(1)
  assert.equal(mail!.raw.match(/^(?:Final-Recipient|Action): .*$/gm), [
    'Final-Recipient: rfc822; target',
    'Action: deliverable',
    'Final-Recipient: rfc822; @@',
    'Action: undeliverable',
  ])
  assert.is((await site.box('target').messages()).length, 0)
  assert.equal(site.waiting(), [])
})
up.run()
