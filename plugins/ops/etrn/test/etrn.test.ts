import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AddressClasses, CommandReply } from '@postern/core'
import { failed } from '@postern/core'
import etrn from '@postern/ops-etrn'
import { commandView, tap } from '@postern/testkit'

type Options = NonNullable<Parameters<typeof etrn>[0]>
type Context = NonNullable<Parameters<typeof tap>[2]>

const FLUSH: Options = { fastFlushDomains: ['flush.example', '!no.open.example', 'open.example'] }

async function say(argument: string, options: Options = FLUSH, context: Context = {}, client = '192.0.2.1', more = {}) {
  const plugin = tap(etrn, options, context)
  const view = commandView({ verb: 'ETRN', argument, session: { client: { address: client } }, ...more })
  const { code, esc, text } = (await plugin.command(view)) as CommandReply
  return [code, esc, text].filter((part) => part !== undefined).join(' ')
}

/** what Postfix 3.7 answers, word for word */
const REPLIES: readonly (readonly [argument: string, reply: string])[] = [
  ['', '500 Syntax: ETRN domain'],
  ['two words', '500 Syntax: ETRN domain'],
  ['flush.example', '250 Queuing started'],
  ['FLUSH.Example', '250 Queuing started'],
  ['@flush.example', '250 Queuing started'],
  ['sub.flush.example', '250 Queuing started'],
  ['other.example', '459 <other.example>: service unavailable'],
  ['notflush.example', '459 <notflush.example>: service unavailable'],
  ['#queue', '459 <queue>: service unavailable'],
  ['[127.0.0.1]', '459 <[127.0.0.1]>: service unavailable'],
  ['[IPv6:2001:db8::1]', '459 <[IPv6:2001:db8::1]>: service unavailable'],
  ['open.example', '250 Queuing started'],
  ['no.open.example', '459 <no.open.example>: service unavailable'],
  ['bad_name!', '501 Error: invalid parameter syntax'],
  ['[127.0.0.1', '501 Error: invalid parameter syntax'],
  ['[2001:db8::1]', '501 Error: invalid parameter syntax'],
  ['192.0.2.1', '501 Error: invalid parameter syntax'],
  ['flush.example.', '501 Error: invalid parameter syntax'],
  ['.flush.example', '501 Error: invalid parameter syntax'],
  ['-a.flush.example', '501 Error: invalid parameter syntax'],
  ['<flush.example>', '501 Error: invalid parameter syntax'],
  ['@@flush.example', '501 Error: invalid parameter syntax'],
  [`${'a'.repeat(64)}.flush.example`, '501 Error: invalid parameter syntax'],
]
for (const [argument, reply] of REPLIES) test(`ETRN ${argument}`, async () => assert.is(await say(argument), reply))

test('within a transaction', async () => {
  const reply = '503 Error: MAIL transaction in progress'
  assert.is(await say('flush.example', FLUSH, {}, '192.0.2.1', { transaction: true }), reply)
  assert.is(await say('', FLUSH, {}, '192.0.2.1', { transaction: true }), reply)
})
test('before HELO', async () => {
  const plugin = (smtpdHeloRequired: boolean) => tap(etrn, { ...FLUSH, smtpdHeloRequired })
  const view = commandView({ verb: 'ETRN', argument: 'flush.example', session: { helo: null } })
  assert.is(((await plugin(true).command(view)) as CommandReply).text, 'Error: send HELO/EHLO first')
  assert.is(((await plugin(false).command(view)) as CommandReply).code, 250)
})

const CLIENTS: readonly (readonly [string, boolean])[] = [
  ['192.0.2.77', true],
  ['::ffff:192.0.2.77', true],
  ['2001:db8::9', true],
  ['198.51.100.1', true],
  ['198.51.100.2', false],
  ['2001:db9::9', false],
  ['unknown', false],
]
for (const [client, may] of CLIENTS)
  test(`asked by ${client}`, async () => {
    const options = { ...FLUSH, etrnNetworks: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.1'] }
    const no = '554 5.7.1 <flush.example>: Etrn command rejected: Access denied'
    assert.is(await say('flush.example', options, {}, client), may ? '250 Queuing started' : no)
  })

const classes: AddressClasses = {
  classOf({ domain }) {
    if (domain === 'broken.example') return { ...failed('the table is away'), kind: 'failed', why: 'retry' } as never
    return { kind: 'class', class: domain === 'relay.example' ? 'relay' : 'default' }
  },
}
test('without a list: the relay class', async () => {
  const context = { needs: { classes } }
  assert.is(await say('relay.example', {}, context), '250 Queuing started')
  assert.is(await say('other.example', {}, context), '459 <other.example>: service unavailable')
  assert.is(await say('broken.example', {}, context), '458 Unable to queue messages')
  assert.is(await say('relay.example', {}), '459 <relay.example>: service unavailable')
})
test('domains in a table, with their subdomains', async () => {
  const options: Options = { fastFlushDomains: ['hash:sites'] }
  const context = { tables: { 'hash:sites': { 'flush.example': 'x' } } }
  assert.is(await say('flush.example', options, context), '250 Queuing started')
  assert.is(await say('a.flush.example', options, context), '250 Queuing started')
  assert.is(await say('other.example', options, context), '459 <other.example>: service unavailable')
  assert.is(await say('flush.example', options), '458 Unable to queue messages')
})

const REFUSED: readonly object[] = [
  { etrnNetworks: ['192.0.2.0/33'] },
  { etrnNetworks: ['net'] },
  { fastFlushDomains: ['a b'] },
  { fastFlushDomain: [] },
]
for (const options of REFUSED)
  test(`no start with ${JSON.stringify(options)}`, () => assert.throws(() => tap(etrn, options as Options)))

test.run()
