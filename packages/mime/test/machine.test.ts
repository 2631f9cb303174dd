import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { contentTypeOf, encodingOf, isMimeField, MIME_LIMITS, MimeMachine, QuotedPrintable } from '@postern/mime'
import type { MimeLimits } from '@postern/mime'

interface Seen {
  /** `place name[: value]`, `end place type/subtype encoding` */
  readonly events: string[]
  /** all that was told, put together */
  readonly text: string
  readonly deep: number
  /** the largest piece of a field */
  readonly longest: number
}
function seen(header: string, body: string, size = 1e9, limits: MimeLimits = MIME_LIMITS): Seen {
  const events: string[] = []
  const out: string[] = []
  let deep = 0
  let longest = 0
  const machine = new MimeMachine(
    {
      field({ raw, place, truncated }) {
        events.push(`${place} ${raw}${truncated ? '...' : ''}`)
        out.push(raw, truncated ? '' : '\r\n')
        longest = Math.max(longest, raw.length)
      },
      excess: (bytes) => void out.push(Buffer.from(bytes).toString('latin1')),
      headerEnd: ({ place, type, subtype, encoding }) =>
        void events.push(`end ${place} ${type}/${subtype} ${encoding}`),
      body: (bytes) => void out.push(Buffer.from(bytes).toString('latin1')),
      tooDeep: () => void deep++,
    },
    limits,
  )
  machine.header(Buffer.from(header, 'latin1'))
  out.push('\r\n')
  const bytes = Buffer.from(body, 'latin1')
  for (let at = 0; at < bytes.length; at += size) machine.write(bytes.subarray(at, at + size))
  machine.end()
  return { events, text: out.join(''), deep, longest }
}
const lines = (...list: string[]) => list.map((line) => `${line}\r\n`).join('')

const EVENTS: [title: string, header: string, body: string, events: string[]][] = [
  ['no MIME', lines('Subject: x'), lines('a'), ['primary Subject: x', 'end primary text/plain 7bit']],
  [
    'white space before the colon is taken out',
    lines('Subject \t:  x', ' y'),
    '',
    ['primary Subject:  x\r\n y', 'end primary text/plain 7bit'],
  ],
  [
    'parts',
    lines('Content-Type: multipart/mixed; boundary=q'),
    lines('pre', 'No: field', '--q', 'A: 1', '', 'B: 2', '--q', '', '--q--', 'C: 3'),
    [
      'primary Content-Type: multipart/mixed; boundary=q',
      'end primary multipart/ 7bit',
      'mime A: 1',
      'end mime text/plain 7bit',
      'end mime text/plain 7bit',
    ],
  ],
  [
    'a boundary that has closed is one no more; what follows is no header',
    lines('Content-Type: multipart/mixed; boundary=o'),
    lines(
      '--o',
      'Content-Type: multipart/x; boundary=i',
      '',
      '--i',
      '',
      '--i--',
      '--i',
      'A: 1',
      '',
      '--o--',
      '--o',
      'B: 2',
    ),
    [
      'primary Content-Type: multipart/mixed; boundary=o',
      'end primary multipart/ 7bit',
      'mime Content-Type: multipart/x; boundary=i',
      'end mime multipart/ 7bit',
      'end mime text/plain 7bit',
    ],
  ],
  [
    'a message in a message',
    lines('Content-Type: message/RFC822'),
    lines('Subject: in', 'Content-Transfer-Encoding: 8BIT', '', 'Subject: no'),
    [
      'primary Content-Type: message/RFC822',
      'end primary message/rfc822 7bit',
      'nested Subject: in',
      'nested Content-Transfer-Encoding: 8BIT',
      'end nested text/plain 8bit',
    ],
  ],
  [
    'a digest has messages for parts',
    lines('Content-Type: multipart/digest; boundary=q'),
    lines('--q', '', 'Subject: in', '', '--q', 'Content-Type: text/plain', '', 'Subject: no'),
    [
      'primary Content-Type: multipart/digest; boundary=q',
      'end primary multipart/digest 7bit',
      'end mime message/rfc822 7bit',
      'nested Subject: in',
      'end nested text/plain 7bit',
      'mime Content-Type: text/plain',
      'end mime text/plain 7bit',
    ],
  ],
  [
    'a line that is no field ends a header',
    lines('Content-Type: multipart/mixed; boundary=q'),
    lines('--q', 'A: 1', 'no field', 'B: 2', '--q', ' C: 3', '--q', 'D: 4', '--q', 'E: 5'),
    [
      'primary Content-Type: multipart/mixed; boundary=q',
      'end primary multipart/ 7bit',
      'mime A: 1',
      'end mime text/plain 7bit',
      'end mime text/plain 7bit',
      'mime D: 4',
      'end mime text/plain 7bit',
      'mime E: 5',
      'end mime text/plain 7bit',
    ],
  ],
]
for (const [title, header, body, events] of EVENTS)
  test(`${title}, in any pieces`, () => {
    for (const size of [1e9, 1, 2, 3, 5]) {
      const got = seen(header, body, size)
      assert.equal(got.events, events)
      assert.is(got.text, `${header.replace(/ \t:/, ':')}\r\n${body}`)
    }
  })

test('whatever comes is told as it stands', () => {
  // a small generator of its own: the same messages every time
  let state = 7
  const random = (n: number) => (state = (state * 48_271) % 2_147_483_647) % n
  const words = [
    '--q',
    '--r',
    '--q--',
    '--',
    '-',
    '\r\n',
    '\r\n',
    '\r\n',
    '\n',
    '\r',
    'A: b',
    ' c',
    'é',
    '',
    'x'.repeat(90),
  ]
  words.push('Content-Type: multipart/mixed; boundary=r', 'Content-Type: message/rfc822', '--qr')
  for (let n = 0; n < 3000; n++) {
    const body = Array.from({ length: random(30) }, () => words[random(words.length)]).join('')
    const header = lines('Content-Type: multipart/mixed; boundary=q')
    const limits = { ...MIME_LIMITS, headerSize: 40 + random(60) }
    const whole = seen(header, body, 1e9, limits)
    // in headers line ends become CRLF
    assert.is(
      whole.text.replace(/\r?\n/g, '\n').replace(/\n$/, ''),
      `${header}\r\n${body}`.replace(/\r?\n/g, '\n').replace(/\n$/, ''),
    )
    assert.equal(seen(header, body, 1 + random(9), limits), whole)
  }
})

test('a field longer than the limit: the rest is not kept', () => {
  const long = lines(`X: ${'a'.repeat(300)}`, ` ${'b'.repeat(20_000)}`, ' c')
  for (const size of [1e9, 1, 100]) {
    const { events, text, longest } = seen(long, lines('x'), size, { ...MIME_LIMITS, headerSize: 200 })
    assert.is(longest, 200)
    assert.is(events.length, 2)
    assert.is(text, `${long}\r\nx\r\n`)
  }
  const part = lines('--q') + long + lines('Y: z', '', 'x')
  const header = lines('Content-Type: multipart/mixed; boundary=q')
  for (const size of [1e9, 1, 100]) {
    const { events, text } = seen(header, part, size, { ...MIME_LIMITS, headerSize: 200 })
    assert.is(events[3], 'mime Y: z')
    assert.is(text, `${header}\r\n${part}`)
  }
})
test('a line end that two pieces share', () => {
  const header = lines('Content-Type: multipart/mixed; boundary=q')
  const field = `X: ${'a'.repeat(8188)}`
  for (const size of [5 + field.length + 1, 5 + field.length, 1]) {
    const { events, text } = seen(header, lines('--q', field, 'Y: z'), size)
    assert.equal(events.slice(2, 4), [`mime ${field}`, 'mime Y: z'])
    assert.is(text, `${header}\r\n${lines('--q', field, 'Y: z')}`)
  }
})
const nest = (n: number) =>
  Array.from({ length: n - 1 }, (_, i) => lines(`--b${i}x`, `Content-Type: multipart/x; boundary=b${i + 1}x`, '')).join(
    '',
  )
test('multiparts inside each other, as many as Postfix looks into', () => {
  const header = lines('Content-Type: multipart/mixed; boundary=b0x')
  for (const [n, deep] of [
    [101, 0],
    [102, 0],
    [103, 1],
  ] as const)
    assert.is(seen(header, nest(n)).deep, deep)
  assert.is(seen(header, nest(6), 3, { ...MIME_LIMITS, nesting: 3 }).deep, 1)
  assert.is(seen(header, nest(5), 3, { ...MIME_LIMITS, nesting: 3 }).deep, 0)
})
test('of a long boundary the beginning counts', () => {
  const long = 'b'.repeat(3000)
  const header = lines(`Content-Type: multipart/mixed; boundary=${long}`)
  const events = (body: string) => seen(header, body, 100).events.slice(2)
  assert.equal(events(lines(`--${long}`, 'A: b')), ['mime A: b', 'end mime text/plain 7bit'])
  assert.equal(events(lines(`--${'b'.repeat(2048)}`, 'A: b')), ['mime A: b', 'end mime text/plain 7bit'])
  assert.equal(events(lines(`--${'b'.repeat(2047)}`, 'A: b')), [])
})
test('no more is kept than one field or the beginning of a line', () => {
  const chunk = Buffer.alloc(1 << 16, 'x')
  let told = 0
  const machine = new MimeMachine({ body: (bytes) => void (told += bytes.length) })
  machine.header(Buffer.from(lines('Content-Type: multipart/mixed; boundary=q')))
  machine.write(Buffer.from('--'))
  for (let n = 1; n <= 100; n++) {
    machine.write(chunk)
    assert.ok(told >= (n - 1) * chunk.length, `${told}`)
  }
})

const TYPES: [value: string, type: string | undefined, boundaries?: string[]][] = [
  [' text/plain; charset=x', 'text/plain'],
  [' TEXT / HTML', 'text/'],
  [' application/x; boundary=q', undefined],
  [' multipart/mixed', 'multipart/', []],
  [' (c) multipart(d)/(e)digest;\r\n\tboundary = "a \\"b\\" c" ; x=y', 'multipart/digest', ['a "b" c']],
  [' multipart/mixed; boundary=a; boundary=b', 'multipart/', ['a', 'b']],
  [' multipart/mixed; boundary=""', 'multipart/', ['']],
  [' multipart; boundary=q', 'multipart/', ['q']],
  ['', undefined],
  [' "multipart"/mixed; boundary=q', undefined],
]
for (const [value, type, boundaries = []] of TYPES)
  test(`type of ${JSON.stringify(value)}`, () => {
    const said = contentTypeOf(value)
    assert.is(said && `${said.type}/${said.subtype}`, type)
    assert.equal(said?.boundaries ?? [], boundaries)
  })
const ENCODINGS: [value: string, encoding: string | undefined][] = [
  [' 8bit', '8bit'],
  [' BASE64 ; x', 'base64'],
  ['(c)binary', 'binary'],
  [' 8bit.x', '8bit'],
  [' "8bit"', undefined],
  [' x-uu', undefined],
  [' toString', undefined],
  ['', undefined],
]
for (const [value, encoding] of ENCODINGS)
  test(`encoding of ${JSON.stringify(value)}`, () => assert.is(encodingOf(value), encoding))

test('fields of MIME', () => {
  assert.equal(['CONTENT-ID', 'Mime-Version', 'Content-MD5', 'Subject'].map(isMimeField), [true, true, false, false])
})
test('quoted-printable in any pieces', () => {
  const text = `é = x \r\n\t\r\n${'a'.repeat(80)} \r\nbare\nlone\rcr\r`
  const all = (size: number) => {
    const encoder = new QuotedPrintable()
    const out: Buffer[] = []
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) out.push(encoder.chunk(bytes.subarray(at, at + size)))
    return Buffer.concat([...out, encoder.end()]).toString()
  }
  const wanted = `=C3=A9 =3D x=20\r\n=09\r\n${'a'.repeat(73)}=\r\n${'a'.repeat(7)}=20\r\nbare\r\nlone=0Dcr=0D\r\n`
  for (const size of [1e6, 1, 2, 3]) assert.is(all(size), wanted)
})
test.run()
