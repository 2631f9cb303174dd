import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { UserOutcome, UserRequest } from '@postern/core'
import { DONE, fakeUsers, open } from './fakes.ts'

type Mbox = Extract<UserRequest, { kind: 'mbox' }>

test('what is asked: the mailbox in the spool, the lines above, LF line ends', async () => {
  const users = fakeUsers()
  const o = open({}, users)
  assert.equal([o.name, o.transport.limits], ['mbox', { recipients: 1 }])
  const recipients = [{ address: 'RiCh+Ext@here.example', original: 'info@here.example' }]
  const outcomes = await o.deliver({ recipients, message: 'Subject: hello\n\none\ntwo\n' })
  assert.equal(outcomes, { 'RiCh+Ext@here.example': DONE })
  assert.equal(users.asked, [
    {
      request: {
        kind: 'mbox',
        file: { below: 'root', path: '/var/mail/rich' },
        user: 'rich',
        limit: 51_200_000,
        returnOverQuota: false,
        returnFaults: false,
        locks: ['fcntl', 'dotlock'],
        above:
          'Return-Path: <sender@client.example>\nX-Original-To: info@here.example\nDelivered-To: RiCh+Ext@here.example\n',
      },
      text: 'Subject: hello\n\none\ntwo\n',
    },
  ])
})

/** options, kind and path */
const places: [object, string, object][] = [
  [{ mailSpoolDirectory: '/var/spool/mail' }, 'mbox', { below: 'root', path: '/var/spool/mail/rich' }],
  [{ mailSpoolDirectory: '/srv/mail/' }, 'maildir', { below: 'root', path: '/srv/mail/rich' }],
  [{ mailSpoolDirectory: 'mail' }, 'mbox', { below: 'root', path: '/etc/postern/mail/rich' }],
  [{ homeMailbox: 'Mailbox' }, 'mbox', { below: 'home', path: 'Mailbox' }],
  [{ homeMailbox: 'Maildir/' }, 'maildir', { below: 'home', path: 'Maildir/' }],
  [{ homeMailbox: 'in/box', mailSpoolDirectory: '/srv/mail/' }, 'mbox', { below: 'home', path: 'in/box' }],
]
for (const [options, kind, place] of places)
  test(`where to: ${JSON.stringify(options)}`, async () => {
    const users = fakeUsers()
    await open(options, users).deliver({ recipients: ['rich@here.example'] })
    const { request } = users.asked[0]!
    assert.equal([request.kind, (request as Mbox).file ?? (request as { folder?: object }).folder], [kind, place])
    assert.is('locks' in request, kind === 'mbox')
  })
test('options: limit, locks, what is returned, its name', async () => {
  const users = fakeUsers()
  const options = { mailboxSizeLimit: 0, mailboxDeliveryLock: ['flock'], returnFaults: true, returnOverQuota: true }
  const o = open(options, users, 'local')
  assert.is(o.name, 'local')
  await o.deliver({})
  const { limit, locks, returnFaults, returnOverQuota } = users.asked[0]!.request as Mbox
  assert.equal([limit, locks, returnFaults, returnOverQuota], [0, ['flock'], true, true])
})
const refused: [string, object][] = [
  ['a home mailbox that is absolute', { homeMailbox: '/Mailbox' }],
  ['one that climbs', { homeMailbox: '../Mailbox' }],
  ['none', { homeMailbox: '' }],
  ['no lock', { mailboxDeliveryLock: [] }],
  ['a lock twice', { mailboxDeliveryLock: ['dotlock', 'dotlock'] }],
  ['a lock that nobody knows', { mailboxDeliveryLock: ['lockf'] }],
  ['a limit below messageSizeLimit', { mailboxSizeLimit: 1000 }],
]
for (const [title, options] of refused)
  test(`refused at start: ${title}`, () => assert.throws(() => open(options, fakeUsers())))

test('the user that a route names is it, whatever the address says', async () => {
  const users = fakeUsers()
  await open({}, users).deliver({ recipients: [{ address: 'info@here.example', user: 'anna' }] })
  assert.equal((users.asked[0]!.request as Mbox).file.path, '/var/mail/anna')
})
// a part that is no name of a file: no helper is asked
for (const local of ['".."', '"."', '"a/b"', '""', `"${'x'.repeat(256)}"`])
  test(`nobody: ${local.slice(0, 20)}`, async () => {
    const users = fakeUsers()
    const outcomes = await open({}, users).deliver({ recipients: [`${local}@here.example`] })
    const [outcome] = Object.values(outcomes)
    assert.equal([outcome!.kind, (outcome as { esc: string }).esc, users.asked.length], ['failed', '5.1.1', 0])
    assert.match((outcome as { text: string }).text, /^unknown user: "/)
  })
const answers: UserOutcome[] = [
  { kind: 'failed', esc: '5.1.1', text: 'unknown user: "rich"' },
  {
    kind: 'failed',
    esc: '5.2.2',
    text: 'cannot update mailbox /x for user rich. error writing message: File too large',
  },
  { kind: 'deferred', esc: '4.2.0', text: 'cannot update mailbox /x for user rich. file is a symbolic link' },
]
for (const answer of answers)
  test(`the helper's answer is the outcome: ${answer.esc}`, async () => {
    const o = open({}, fakeUsers(answer))
    // sysexits.h's words for EX_IOERR, as Postfix has them for what could not be written
    const told = answer.esc === '5.2.2' ? { ...answer, diagnostic: 'x-unix; input/output error' } : answer
    assert.equal(await o.deliver({ recipients: ['rich@x.example'] }), { 'rich@x.example': told })
  })
test('a helper that is gone is a fault', async () => {
  const outcomes = await open({}, fakeUsers(new Error('gone'))).deliver({ recipients: ['rich@x.example'] })
  assert.is(outcomes['rich@x.example']!.kind, 'deferred')
})
test('a damaged body is never ended', async () => {
  const users = fakeUsers()
  const spec = { recipients: ['rich@x.example'], message: 'Subject: a\n\nlong enough to break off\n', damagedAt: 5 }
  assert.is((await open({}, users).deliver(spec))['rich@x.example']!.kind, 'deferred')
  assert.equal(users.asked, [])
})
test('mail that has been here before is returned, in whatever case', async () => {
  const users = fakeUsers()
  const o = open({}, users)
  const outcomes = await o.deliver({
    recipients: ['rich@x.example', 'anna@x.example'],
    message: 'Delivered-To: RICH@X.example\nSubject: a\n\nb\n',
  })
  assert.equal(outcomes['rich@x.example'], {
    kind: 'failed',
    esc: '5.4.6',
    text: 'mail forwarding loop for rich@x.example',
  })
  assert.equal([outcomes['anna@x.example']!.kind, users.asked.length], ['delivered', 1])
})
const dry: [string, object, string, string][] = [
  ['rich', {}, '2.0.0', 'delivers to mailbox'],
  ['rich', { homeMailbox: 'Maildir/' }, '2.0.0', 'delivers to maildir'],
  ['nobody-at-all', {}, '5.1.1', 'unknown user: "nobody-at-all"'],
  ['ldap', {}, '4.3.0', 'temporary lookup failure'],
]
for (const [user, options, esc, text] of dry)
  test(`a dry call asks only who it is: ${text}`, async () => {
    const users = fakeUsers()
    const outcomes = await open(options, users).deliver({ recipients: [`${user}@x.example`] }, true)
    const outcome = outcomes[`${user}@x.example`] as { esc: string; text: string }
    assert.equal([outcome.esc, outcome.text, users.asked.length], [esc, text, 0])
  })

/** Answers when it is told to. */
function slowly() {
  const waiting: ((answer: UserOutcome | Error) => void)[] = []
  const users = fakeUsers(() => new Promise((done) => waiting.push(done)))
  const turn = () => new Promise((done) => setImmediate(done))
  return { users, waiting, turn }
}
const toRich = { recipients: ['rich@x.example'] }
test('one at a time into a mailbox, whatever its address; others do not wait', async () => {
  const { users, waiting, turn } = slowly()
  const o = open({}, users)
  const all = [
    o.deliver(toRich),
    o.deliver({ recipients: ['Rich+x@y.example'] }),
    o.deliver({ recipients: ['anna@x.example'] }),
  ]
  await turn()
  assert.equal(
    users.asked.map((a) => a.request.user),
    ['rich', 'anna'],
  )
  waiting[0]!(DONE)
  await turn()
  assert.equal(
    users.asked.map((a) => a.request.user),
    ['rich', 'anna', 'rich'],
  )
  for (const end of waiting) end(DONE)
  for (const outcomes of await Promise.all(all)) assert.is(Object.values(outcomes)[0]!.kind, 'delivered')
})
test('who waited for one that was deferred is deferred with it; the next one is tried', async () => {
  const { users, waiting, turn } = slowly()
  const o = open({}, users)
  const all = [o.deliver(toRich), o.deliver(toRich), o.deliver(toRich)]
  await turn()
  const locked: UserOutcome = { kind: 'deferred', esc: '4.2.0', text: 'locked' }
  waiting[0]!(locked)
  for (const outcomes of await Promise.all(all)) assert.equal(Object.values(outcomes), [locked])
  assert.is(users.asked.length, 1)
  const next = o.deliver(toRich)
  await turn()
  waiting[1]!(DONE)
  assert.equal(Object.values(await next), [DONE])
})
test('a fault and a failure keep nobody', async () => {
  const { users, waiting, turn } = slowly()
  const o = open({}, users)
  const all = [o.deliver(toRich), o.deliver(toRich), o.deliver(toRich)]
  await turn()
  waiting[0]!(new Error('gone'))
  await turn()
  waiting[1]!({ kind: 'failed', esc: '5.2.2', text: 'too large' })
  await turn()
  waiting[2]!(DONE)
  const kinds = (await Promise.all(all)).map((outcomes) => Object.values(outcomes)[0]!.kind)
  assert.equal(kinds, ['deferred', 'failed', 'delivered'])
})
test('maildirs need no turns', async () => {
  const { users, waiting, turn } = slowly()
  const o = open({ homeMailbox: 'Maildir/' }, users)
  const all = [o.deliver(toRich), o.deliver(toRich)]
  await turn()
  assert.is(users.asked.length, 2)
  for (const end of waiting) end(DONE)
  await Promise.all(all)
})
test.run()
