/** What becomes of a submission: header and envelope as a live Postfix 3.7 completed them, refusals, restarts, reloads. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { definePlugin, defer, edits, hold, refuse } from '@postern/core'
import type { DropEnvelope } from '@postern/sendmail'
import { sleep, until } from '@postern/testkit'
import { suite, test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { complete } from '../src/complete.ts'
import { hasUtf8Header } from '../src/utf8.ts'
import { asRoot, dropFile, dropSite } from './support/site.ts'
import type { DropSite } from './support/site.ts'

const MOODY = definePlugin({
  name: 'moody',
  options: z.strictObject({ mood: z.string() }),
  apply(mta, { mood }) {
    mta.cleanup.tap({ body: 'headers' }, (view) => {
      if (!view.header.get('subject')?.includes('bad')) return undefined
      if (mood === 'hold') return edits([hold('bad')])
      return mood === 'refuse' ? refuse('5.7.1', 'we do not like this', { code: 550 }) : defer('4.7.1', 'not now')
    })
  },
})
const moody = (mood: string) => ({ plugins: [MOODY({ mood })] })

const HOST = 'mail.site.example'
const uid = asRoot ? 65534 : process.getuid!()
const nobody = asRoot ? 'nobody' : undefined

interface Case {
  readonly header: string
  readonly envelope?: Partial<DropEnvelope>
  /** names of the header as delivered, and values where they are worth it; `*` stands for what differs */
  readonly comes: readonly string[]
  readonly sender?: string
}
const RECEIVED = `Received: by ${HOST} (Postern, from userid ${uid})\tid *`
const ID = `Message-Id: <*@${HOST}>`
const cases: Record<string, Case> = {
  'what is missing is added, behind the rest': {
    header: 'Subject: s',
    envelope: { sender: 'user', fullName: 'Full Name' },
    comes: [RECEIVED, 'Subject: s', ID, 'Date: *', `From: Full Name <user@${HOST}>`],
  },
  'what is there stays': {
    header: 'Message-ID: <1@x>\nDate: today\nFrom: me\nTo: rich',
    comes: [RECEIVED, 'Message-ID: <1@x>', 'Date: today', 'From: me', 'To: rich'],
  },
  'resent mail gets Resent fields': {
    header: 'Resent-To: r@s\nResent-Bcc: c@d\nFrom: a@b\nDate: then\nMessage-Id: <1@x>',
    envelope: { fullName: '' },
    comes: [
      ...[RECEIVED, 'Resent-To: r@s', 'From: a@b', 'Date: then', 'Message-Id: <1@x>'],
      ...[`Resent-Message-Id: <*@${HOST}>`, 'Resent-Date: *', `Resent-From: user@${HOST}`],
    ],
  },
  'blind copies and what a mailbox adds are taken out': {
    header: 'Bcc: a@b\nReturn-Path: <x@y>\nContent-Length: 9\nFrom: f\nDate: d\nMessage-Id: <m>\nBcc: e@f',
    comes: [RECEIVED, 'From: f', 'Date: d', 'Message-Id: <m>'],
  },
  'the null sender is the daemon': {
    header: 'Subject: s',
    envelope: { sender: '', fullName: 'N' },
    comes: [RECEIVED, 'Subject: s', ID, 'Date: *', 'From: MAILER-DAEMON'],
    sender: '',
  },
  'a name that needs quotes': {
    header: 'Subject: s',
    envelope: { fullName: 'Dr. "X" (home)\nBcc: y' },
    comes: [RECEIVED, 'Subject: s', ID, 'Date: *', `From: "Dr. \\"X\\" (home) Bcc: y" <user@${HOST}>`],
  },
  'a relay adds nothing': {
    header: 'Subject: s',
    envelope: { gateway: true },
    comes: [RECEIVED, 'Subject: s'],
  },
  'no header at all': {
    header: '',
    envelope: { fullName: '', sender: 'a@x.example' },
    comes: [RECEIVED, ID, 'Date: *', 'From: a@x.example'],
    sender: 'a@x.example',
  },
  'Received fields of the message stay as they are': {
    header: 'Received: by other (Postfix) id 1; then\nFrom: f\nDate: d\nMessage-Id: <m>',
    comes: [RECEIVED, 'Received: by other (Postfix) id 1; then', 'From: f', 'Date: d', 'Message-Id: <m>'],
  },
}
/** a header, and whether it needs SMTPUTF8 */
const UTF8: Record<string, readonly [content: string, needs: boolean]> = {
  'UTF-8 in a field': ['Subject: gr\u00fc\u00df\n\nx\n', true],
  'UTF-8 in the body alone': ['Subject: s\n\n\u00fc\n', false],
  'no header': ['\nSubject: \u00fc\n', false],
  'no body': ['Subject: \u00fc\n', true],
  'in the header of a part': [
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nX: \u00fc\n\nx\n--b--\n',
    true,
  ],
}
for (const [what, [content, needs]] of Object.entries(UTF8))
  test(`SMTPUTF8: ${what}`, () => assert.is(hasUtf8Header(Buffer.from(content.replaceAll('\n', '\r\n'))), needs))
test('SMTPUTF8: what is no UTF-8 counts for nothing', () =>
  assert.is(hasUtf8Header(Buffer.from('Subject: \xfc\r\n\r\nx', 'latin1')), false))

/** full name, then the From that is added */
const OBSOLETE: readonly (readonly [name: string, from: string])[] = [
  ['', 'me@site.example'],
  ['Full Name', 'me@site.example (Full Name)'],
  ['O"Brien (Jr.) \\', 'me@site.example (O"Brien (Jr.) \\)'],
  ['x) (y', 'me@site.example (x\\) \\(y)'],
  ['a\nBcc: b', 'me@site.example (a Bcc: b)'],
]
for (const [fullName, from] of OBSOLETE)
  test(`From as it was once: ${JSON.stringify(fullName)}`, () => {
    const view = { id: 'i', sender: 'me@site.example', header: { fields: [], get: () => undefined } } as never
    const by = { uid: 1, fullName, gateway: false }
    const { edits: list } = complete(view, by, { myhostname: 'h', format: 'obsolete', untouched: false, now: 0 })
    assert.is((list.at(-1) as { value: string }).value, from)
  })

let site: DropSite
const table = suite('header')
table.before(async () => void (site = await dropSite({}, moody('hold'))))
table.after(() => site.stop())
Object.entries(cases).forEach(([what, c], n) =>
  table(what, async () => {
    site.put(
      `m.${n}`,
      dropFile(`${c.header}\n\nbody\n`.replace(/^\n\n/, '\n'), { recipients: [`b${n}`], ...c.envelope }),
    )
    const [mail] = await site.box(`b${n}`).waitFor(1)
    assert.is(mail!.header('return-path'), `<${c.sender ?? `user@${HOST}`}>`)
    assert.is(mail!.body.trim(), 'body')
    const fields = mail!.headers.filter(([name]) => !/^(return-path|x-original-to|delivered-to)$/i.test(name))
    const seen = fields.map(([name, value]) => `${name}: ${value}`)
    const fits = c.comes.map((text) => new RegExp(`^${text.split('*').map(escape).join('.+')}$`, 's'))
    assert.is(seen.length, fits.length, seen.join('\n'))
    seen.forEach((line, i) => assert.match(line, fits[i]!))
  }),
)
const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\t/g, '\\s+')
table('the full name of the account, where none was given', async () => {
  if (!nobody) return
  site.put('m.gecos', dropFile('Subject: s\n\nx\n', { recipients: ['gecos'], sender: 'nobody' }))
  const [mail] = await site.box('gecos').waitFor(1)
  assert.is(mail!.header('from'), `nobody <nobody@${HOST}>`)
})
table('a recipient that is no address comes back, the others get the mail', async () => {
  site.put('m.bad', dropFile('Subject: s\n\nx\n', { recipients: ['rich@', 'okay'], sender: 'me' }))
  await site.box('okay').waitFor(1)
  const bounces = await site.box('me').waitFor(1)
  assert.match(bounces[0]!.raw, /^<rich@>: bad address syntax$/m)
})
table('DSN parameters go into the envelope', async () => {
  const recipients = [
    { address: 'dsn@held.example', notify: ['NEVER' as const], orcpt: 'rfc822;o@x' },
    'two@held.example',
  ]
  site.put('m.dsn', dropFile('Subject: bad\n\nü\n', { recipients, ret: 'HDRS', envid: 'e=1', notify: ['DELAY'] }))
  const { fields } = await site.mta.log.waitFor('drop.pickup', { file: 'm.dsn' })
  const load = () => site.mta.node.queue.load(String(fields.id))
  // it is told before it is in the queue
  while (!(await load())) await sleep(5)
  const found = (await load())!
  assert.is(found.envelope.ret, 'HDRS')
  assert.is(found.envelope.envid, 'e=1')
  // by what the caller says, not by the bytes
  assert.is(found.envelope.body, undefined)
  assert.equal(
    found.recipients.map((r) => [r.address, r.notify, r.orcpt]),
    [
      ['dsn@held.example', ['NEVER'], 'rfc822;o@x'],
      ['two@held.example', ['DELAY'], undefined],
    ],
  )
})
table.run()

test('mail that cleanup refuses comes back to its sender', async () => {
  const site = await dropSite({}, moody('refuse'))
  try {
    site.put('m.bad', dropFile('Subject: bad\n\nsecret text\n', { sender: 'me', recipients: ['box', 'x@y.example'] }))
    const [bounce] = await site.box('me').waitFor(1)
    assert.is(bounce!.header('return-path'), '<>')
    assert.match(bounce!.raw, /^<x@y\.example>: 550 5\.7\.1 we do not like this$/m)
    assert.match(bounce!.raw, /^Status: 5\.7\.1$/m)
    assert.match(bounce!.raw, /^Subject: bad$/m)
    assert.not.match(bounce!.raw, /secret text/)
    await until('the file gone', () => site.names().length === 0)
    await site.mta.idle()
    assert.is((await site.box('box').messages()).length, 0)
    assert.is((await site.box('me').messages()).length, 1)
  } finally {
    await site.stop()
  }
})
test('refused mail from nobody is kept', async () => {
  const site = await dropSite({}, moody('refuse'))
  try {
    site.put('m.null', dropFile('Subject: bad\n\nx\n', { sender: '' }))
    await site.mta.log.waitFor('drop.corrupt', { file: 'm.null' })
    await until('the file kept', () => site.corrupt()[0] === 'm.null')
  } finally {
    await site.stop()
  }
})
test('mail that is deferred stays and is tried again, other mail goes on', async () => {
  const site = await dropSite({ pollInterval: '50ms' }, moody('defer'))
  try {
    site.put('m.bad', dropFile('Subject: bad\n\nx\n', { recipients: ['late'] }))
    site.put('m.good', dropFile('Subject: fine\n\nx\n'))
    await site.box('box').waitFor(1)
    await until('two tries', () => site.mta.log.named('drop.deferred').length >= 2)
    assert.equal(site.names(), ['m.bad'])
  } finally {
    await site.stop()
  }
})
test('one reload after the other takes each file once', async () => {
  const site = await dropSite({ pollInterval: '10ms' })
  try {
    const count = 60
    for (let n = 0; n < count; n++) {
      site.put(`m.${n}`, dropFile(`Subject: ${n}\n\nx\n`))
      if (n % 15 === 7) void site.mta.node.reload()
      await sleep(5)
    }
    await until('an empty folder', () => site.names().length === 0)
    await sleep(100)
    await site.mta.idle()
    const subjects = (await site.box('box').messages()).map((m) => m.header('subject'))
    assert.is(subjects.length, count)
    assert.is(new Set(subjects).size, count)
  } finally {
    await site.stop()
  }
})
test('what came while nobody was there is found at the start', async () => {
  const site = await dropSite()
  try {
    await site.mta.node.stop(1000)
    site.put('m.late', dropFile('Subject: late\n\nx\n'))
    await sleep(50)
    assert.ok(existsSync(join(site.drop, 'm.late')))
    await site.mta.restart()
    await site.box('box').waitFor(1)
    await until('the file gone', () => site.names().length === 0)
  } finally {
    await site.stop()
  }
})
test.run()
