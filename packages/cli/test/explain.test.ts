import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LITTLE, QUEUE, onSite } from './support/command.ts'
import type { Site } from './support/command.ts'

/** the text behind the two lines of the title */
const body = (out: string): string => out.split('\n').slice(3).join('\n')
const aliased = (site: Site) =>
  site.config({
    plugins: [
      'lookup-inline',
      QUEUE,
      { [LITTLE]: { aliases: 'inline:{ { all@here.example = you@here.example other@far.example } }' } },
    ],
  })

test(
  'a conversation, with who answered what, and where the mail goes',
  onSite(async (site) => {
    await aliased(site)
    const { code, out, err } = await site.run('explain', '--from', 'a@b.example', '--to', 'you@here.example')
    assert.is(err, '')
    assert.is(code, 0)
    assert.is(
      out,
      `A message from <a@b.example> to <you@here.example>, brought by [127.0.0.1]
listener mx of postern.config.json

S: 220 mail.here.example ESMTP Postern
C: EHLO client.example
S: 250 mail.here.example
C: MAIL FROM:<a@b.example>
S: 250 2.1.0 Ok
C: RCPT TO:<you@here.example>
     relay    little        claim (own domain)
S: 250 2.1.5 Ok
C: DATA
S: 354 End data with <CR><LF>.<CR><LF>
C: (the message, and a dot)
S: 250 2.0.0 Ok: queued as EXPLAIN

Where it goes
  you@here.example => by nowhere, next hop here.example, class local
     resolve  little        nothing to say
                              lookup inline:{ { all@here.example = you@here.exampl...
                                you@here.example -> absent
     resolve  little (way)  route by nowhere, class local

Accepted: you@here.example goes by nowhere.
`,
    )
  }),
)

test(
  'an alias is followed to its ends',
  onSite(async (site) => {
    await aliased(site)
    const { out } = await site.run('explain', '--to', 'all@here.example')
    assert.match(
      out,
      /^ {2}all@here\.example\n {5}resolve {2}little {8}expand to you@here\.example, other@far\.example$/m,
    )
    assert.match(out, /^ {5}you@here\.example => by nowhere/m)
    assert.match(out, /^ {5}other@far\.example => by nowhere, next hop far\.example/m)
    assert.match(
      out,
      /^Accepted: all@here\.example goes to you@here\.example by nowhere and to other@far\.example by nowhere\.$/m,
    )
  }),
)

const VERDICTS: [string, string[], RegExp][] = [
  [
    'a recipient that nobody claims',
    ['--to', 'x@far.example'],
    /^ {5}relay {4}\(core\) +nobody claims this recipient\nS: 554 5\.7\.1 <x@far\.example>: Relay access denied$/m,
  ],
  ['and in one line', ['--to', 'x@far.example'], /^Refused at RCPT TO:<x@far\.example> by the core: 554 5\.7\.1/m],
  [
    'a refusal that a plugin made',
    ['--to', 'nobody@here.example'],
    /^Refused at RCPT TO:<nobody@here\.example> by little: 550 5\.1\.1 <nobody@here\.example>: User unknown$/m,
  ],
  [
    'a refusal that was kept until RCPT',
    ['--helo', 'spammer', '--to', 'you@here.example'],
    /^Refused at RCPT TO:<you@here\.example> by little \(at helo, kept until RCPT\): 554 5\.7\.1 Go away$/m,
  ],
  [
    'its cause, which the client does not read',
    ['--helo', 'spammer', '--to', 'you@here.example'],
    /^C: EHLO spammer\n {5}helo {5}little +refuse 554 5\.7\.1 Go away \(cause: known name\)\nS: 250/m,
  ],
  [
    'one refused, one accepted',
    ['--to', 'you@here.example', '--to', 'nobody@here.example'],
    /^Accepted: you@here\.example goes by nowhere; 1 recipient was refused\.$/m,
  ],
  ['who had nothing to say', ['--to', 'you@here.example', '-v'], /^ {5}rcpt {5}little \(users\) +nothing to say$/m],
  ['the null sender', ['--from', '<>', '--to', 'you@here.example'], /^C: MAIL FROM:<>$/m],
  ['a user', ['--user', 'me', '--to', 'you@here.example'], /^C: AUTH \(as me\)\nS: 235 2\.7\.0/m],
]
for (const [name, args, expected] of VERDICTS)
  test(
    name,
    onSite(async (site) => {
      await site.little()
      const { code, out } = await site.run('explain', ...args)
      assert.is(code, 0)
      assert.match(body(out), expected)
    }),
  )

test(
  'edits, for a message from a file',
  onSite(async (site) => {
    await site.little()
    await site.write('m.eml', 'Subject: mark me\n\nhi\n')
    const { out } = await site.run('explain', '--to', 'you@here.example', '--message', 'm.eml')
    assert.match(out, /^ {5}cleanup {2}little +edits:\n +insert header "X-Marked: yes" at the top$/m)
  }),
)

const FAILURES: [string, string[], number, RegExp][] = [
  ['no recipient', [], 64, /--to <address>/],
  [
    'an unknown listener',
    ['--to', 'a@b.example', '--listener', 'mxx'],
    78,
    /there is no listener "mxx"; did you mean "mx"\?/,
  ],
  ['not an address', ['--to', 'a@@b'], 64, /"a@@b" is not an address/],
  ['a message that is not there', ['--to', 'a@b.example', '--message', 'none.eml'], 66, /--message: .*none\.eml/],
]
for (const [name, args, code, text] of FAILURES)
  test(
    name,
    onSite(async (site) => {
      await site.little()
      const ended = await site.run('explain', ...args)
      assert.match(ended.err, text)
      assert.is(ended.code, code)
    }),
  )

test(
  'no line is wider than the terminal',
  onSite(async (site) => {
    await aliased(site)
    for (const args of [
      ['explain', '--to', `${'x'.repeat(60)}@${'very.long.'.repeat(12)}example`],
      ['pipeline'],
      ['plugins'],
    ]) {
      const { out } = await site.run(...args)
      const wide = out.split('\n').filter((l) => l.length > 100)
      assert.equal(wide, [])
    }
  }),
)

test.run()
