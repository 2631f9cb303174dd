import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveView, tap } from '@postern/testkit'
import local from '@postern/route-local'
import { build, told } from './build.ts'
import type { Options } from './build.ts'

const FILES = {
  'hash:/mailbox': {
    rich: 'lmtp:unix:/run/box',
    nouser: 'discard:thrown',
    nohop: 'smtp',
    notr: ':[192.0.2.1]',
    none: ':',
  },
  'hash:/fallback': { fb: 'smtp:[192.0.2.2]', katie: 'error:5.2.1 wrong' },
}
const MAPS: Options = { mailboxTransportMaps: ['hash:/mailbox'], fallbackTransportMaps: ['hash:/fallback'] }
const RELAY: Options = { luserRelay: '$user@other.example' }
const ALL: Options = { ...MAPS, ...RELAY, fallbackTransport: 'smtp:[192.0.2.3]' }
const UNKNOWN = (user: string) => `5.1.1 unknown user: "${user}"`

const CASES: [title: string, options: Options, recipient: string, said: string | undefined][] = [
  ['a user has a mailbox', {}, 'rich@here.example', undefined],
  ['with an extension too', {}, 'Rich+x@here.example', undefined],
  ['nobody else has', {}, 'nouser@here.example', UNKNOWN('nouser')],
  ['named in small letters, without extension', {}, 'NoUser+x@here.example', UNKNOWN('nouser')],
  ['an address without a domain is local', {}, 'nouser', UNKNOWN('nouser')],
  ['a name that needs quotes', {}, '"no user"@here.example', UNKNOWN('no user')],
  ['other domains are not looked at', ALL, 'nouser@far.example', undefined],
  ['a route through us leads elsewhere', ALL, 'nouser%far.example@here.example', undefined],
  ['mailbox_transport_maps: by the user', MAPS, 'RICH+x@here.example', 'lmtp:unix:/run/box'],
  ['whether the user exists or not', MAPS, 'nouser@here.example', 'discard:thrown'],
  ['without a next hop: our own name', MAPS, 'nohop@here.example', 'smtp:mail.here.example'],
  ['users without an entry have a mailbox', MAPS, 'daemon@here.example', undefined],
  [
    'mailbox_transport: everybody',
    { ...ALL, mailboxTransport: 'lmtp:unix:/all' },
    'katie@here.example',
    'lmtp:unix:/all',
  ],
  ['not only users', { ...ALL, mailboxTransport: 'lmtp' }, 'x@here.example', 'lmtp:mail.here.example'],
  ['its table goes first', { ...ALL, mailboxTransport: 'lmtp:x' }, 'rich@here.example', 'lmtp:unix:/run/box'],
  ['fallback_transport_maps: not for users', ALL, 'katie@here.example', undefined],
  ['but for others', ALL, 'FB+x@here.example', 'smtp:[192.0.2.2]'],
  ['then fallback_transport', ALL, 'other@here.example', 'smtp:[192.0.2.3]'],
  ['then luser_relay', { ...MAPS, ...RELAY }, 'other+x@here.example', 'to other@other.example'],
  ['not for users', RELAY, 'rich@here.example', undefined],
  ['postmaster waits for an alias', {}, 'Postmaster@here.example', '4.3.5 required alias not found: postmaster'],
  ['so does mailer-daemon', {}, 'mailer-daemon@here.example', '4.3.5 required alias not found: mailer-daemon'],
  ['relayed where there is a relay', RELAY, 'postmaster@here.example', 'to postmaster@other.example'],
  ['another way of transport(5)', ALL, 'tmap@here.example', undefined],
  ['another next hop only', { ...ALL }, 'tmap-hop@here.example', 'smtp:[192.0.2.3]'],
  ['a table in the place of the system', { localUserMaps: ['hash:/fallback'] }, 'fb@here.example', undefined],
  ['which knows nobody else', { localUserMaps: ['hash:/fallback'] }, 'rich@here.example', UNKNOWN('rich')],
]
for (const [title, options, recipient, said] of CASES)
  test(`${title}: ${recipient}`, async () => {
    assert.is(await told(options, recipient, false, FILES), said)
  })

test('what has been relayed is not relayed again', async () => {
  assert.is(await told(RELAY, 'ghost@here.example', true), UNKNOWN('ghost'))
  const again = (luserRelay: string, recipient: string, ancestors: string[]) =>
    build({ luserRelay }).resolve(resolveView({ recipient, ancestors }))
  assert.is((await again('ghost', 'ghost@here.example', ['nouser@here.example']))?.kind, 'refuse')
  assert.is((await again('g-$local', 'g-x@here.example', ['x@here.example', 'y@far.example']))?.kind, 'refuse')
  // an alias led there
  assert.is((await again('g-$local', 'x@here.example', ['y@here.example']))?.kind, 'expand')
})

const FAILURES: [title: string, options: Options, recipient: string, said: string][] = [
  ['users cannot be looked up', ALL, 'down@here.example', '4.3.0 table lookup failure'],
  [
    'nor the mailbox transport',
    { mailboxTransportMaps: ['hash:/down'] },
    'rich@here.example',
    '4.3.0 table lookup failure',
  ],
  [
    'nor the fallback',
    { ...RELAY, fallbackTransportMaps: ['hash:/down'] },
    'x@here.example',
    '4.3.0 table lookup failure',
  ],
  ['nor the class', ALL, 'x@away.example', '4.3.0 address resolver failure'],
  ['nor transport(5)', ALL, 'tfail@here.example', '4.3.0 address resolver failure'],
  ['a table names no transport', MAPS, 'notr@here.example', '4.3.5 mail system configuration error'],
  ['nor anything', MAPS, 'none@here.example', '4.3.5 mail system configuration error'],
]
for (const [title, options, recipient, said] of FAILURES)
  test(`deferred: ${title}`, async () => {
    assert.is(await told(options, recipient, false, FILES), said)
  })
test('a fallback that cannot be asked says nothing of users', async () => {
  assert.is(await told({ fallbackTransportMaps: ['hash:/down'] }, 'rich@here.example'), undefined)
})
test('the transports of options are named, so that a misspelt one stops the start', () => {
  const { transportNames } = build({ mailboxTransport: 'lmtp:unix:/x', fallbackTransport: 'uucp' })
  assert.equal([...transportNames], ['lmtp', 'uucp'])
})
test('no table of users at all is a mistake', () => {
  assert.throws(() => tap(local, { localUserMaps: [] }))
})
test.run()
