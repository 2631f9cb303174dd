/** Addresses and header fields that people write, that machines write, and that nobody should. The same from the same seed. */
import { random } from '@postern/testkit'

export interface Generator {
  /** what stands between `<` and `>` of MAIL and RCPT */
  address(): string
  /** a field of a header, folded or not, without its line end */
  field(): string
  /** 0 to n-1 */
  below(n: number): number
}

const WORDS = [
  'joe',
  'ann',
  'bob',
  'rich',
  'info',
  'list',
  'root',
  'user',
  'two',
  'bang',
  'Joe',
  'postmaster',
  'MAILER-DAEMON',
  'x',
  '1',
]
const EXTENSIONS = ['+one', '-two', '+', '+a+b', '-', '+one-two', '+"q"']
const DOMAINS = [
  'site.example',
  'Site.Example',
  'mail.site.example',
  'lab.site.example',
  'www.keep.site.example',
  'remote.example',
  'sub.remote.example',
  'a.b.remote.example',
  'va.example',
  'old.example',
  'other.example',
  'relay.example',
  'x.relay.example',
  'rx.example',
  'host',
  'far',
  'localhost',
  'example',
]
const ODD_DOMAINS = [
  '',
  '.',
  'site.example.',
  'remote.example..',
  '.remote.example',
  'a..b.example',
  '[127.0.0.1]',
  '[192.0.2.5]',
  '[1.2.3.4',
  '[IPv6:::1]',
  '[ipv6:2001:db8::1]',
  '[x]',
  '[]',
  '127.0.0.1',
  '1.2.3.4.5',
  '999',
  '-x.example',
  'x-.example',
  'a_b.example',
  'b\u00fccher.example',
  'xn--bcher-kva.example',
  'host.',
  'a,b',
  'a b.example',
  `${'l'.repeat(63)}.example`,
  `${'l'.repeat(64)}.example`,
  `${'long.'.repeat(52)}example`,
  '*',
  '#5',
  'a!b.example',
  'a%b.example',
  '"q".example',
  'x(comment).example',
]
const ODD_LOCALS = [
  '',
  '""',
  '" "',
  '"a b"',
  '"a@b"',
  '"a\\"b"',
  '"\\\\"',
  '"joe"',
  '"a"."b"',
  '"a".b',
  'a."b"',
  '.a',
  'a.',
  'a..b',
  'a b',
  'a\\ b',
  'a\\@b',
  '\\a',
  '\u00e9',
  '(c)a',
  'a(c)',
  'far!joe',
  'a!b!joe',
  '!joe',
  'joe!',
  'joe%far',
  'joe%a%b',
  '%far',
  'joe%',
  'far!joe%x',
  'joe%remote.example',
  'joe%site.example',
  'joe%x@site.example',
  '"joe%far"',
  '"far!joe"',
  'a@b',
  'a;b',
  'a:b',
  'a,b',
  'a<b',
  'a>b',
  '[a]',
  'a/b',
  '/etc/x',
  '|cmd',
  ':include:/x',
  "o'brien",
  'a*b',
  '#x',
  '-x',
  '+x',
  'a=b',
  '~x',
  '{x}',
  'a&b',
  `${'l'.repeat(70)}`,
  `${'w.'.repeat(150)}w`,
]
const ROUTES = [
  '@a.example:',
  '@a.example,@b.example:',
  '@site.example:',
  '@:',
  '@a',
  '@a,',
  ':',
  '@[1.2.3.4]:',
  '@a.example,:',
  'a.example:',
]
const JUNK = [...'@@%%!!.,;:<>()[]"\\ *\t', '@@', '..', '\u00e9', '\u20ac', '""', '()', '<>', '@a', '%b', '!c', '.d']
const PHRASES = [
  'Ren\udce9',
  '"Ren\udce9, x"',
  '',
  '',
  'Joe Doe',
  '"Doe, Joe"',
  'Joe (of) Doe',
  'J. Doe',
  '=?utf-8?q?J=C3=B6e?=',
  'B\u00fccher',
  '"a" b',
  'a@b',
  'Joe:',
  '"\\"',
  "O'Brien",
  'Joe "x" Doe',
  '(c)',
]
const FIELDS = [
  'From',
  'Sender',
  'Reply-To',
  'To',
  'To',
  'To',
  'Cc',
  'Bcc',
  'Errors-To',
  'Return-Receipt-To',
  'Disposition-Notification-To',
  'Mail-Followup-To',
  'Apparently-To',
  'Resent-To',
  'Resent-From',
  'Resent-Reply-To',
  'Resent-Cc',
  'Resent-Sender',
  'Return-Path',
  'X-To',
  'Delivered-To',
  'Mail-Reply-To',
  'tO',
  'In-Reply-To',
]

export function generator(seed: number): Generator {
  const next = random(seed)
  const below = (n: number) => Math.floor(next() * n)
  const of = (list: readonly string[]) => list[below(list.length)]!
  const chance = (p: number) => next() < p

  const local = () => (chance(0.3) ? of(ODD_LOCALS) : of(WORDS) + (chance(0.3) ? of(EXTENSIONS) : ''))
  const domain = () => (chance(0.25) ? of(ODD_DOMAINS) : of(DOMAINS))
  const spoilt = (text: string) => {
    const at = below(text.length + 1)
    const end = chance(0.3) ? at + below(3) : at
    return text.slice(0, at) + of(JUNK) + text.slice(end)
  }
  const address = () => {
    let text = local()
    if (chance(0.85)) text += `@${domain()}`
    if (chance(0.05)) text += `@${domain()}`
    if (chance(0.06)) text = of(ROUTES) + text
    if (chance(0.12)) text = spoilt(text)
    if (chance(0.02)) text = spoilt(spoilt(text))
    return text
  }
  const member = () => {
    const phrase = chance(0.4) ? of(PHRASES) : ''
    let text = phrase === '' && chance(0.6) ? address() : `${phrase}${phrase && chance(0.8) ? ' ' : ''}<${address()}>`
    if (chance(0.1)) text += ' (at home)'
    return text
  }
  const list = () => {
    let text = ''
    for (let n = chance(0.6) ? 1 : 1 + below(6); n > 0; n--) {
      text += chance(0.06) ? `Group${below(9)}: ${chance(0.5) ? `${member()}, ${member()}` : ''};` : member()
      if (n > 1) text += chance(0.9) ? (chance(0.3) ? ',\r\n ' : ', ') : of([' ', ',', ', ,', ';', ':', ' , '])
    }
    if (chance(0.1)) text = spoilt(text)
    return text
  }
  return {
    below,
    address,
    field: () => `${of(FIELDS)}:${chance(0.95) ? ' ' : of(['', '  ', '\t', '\r\n '])}${list()}`,
  }
}
