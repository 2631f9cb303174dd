/** Searches whose bytes are made once are the same, byte by byte, as those that ldapts makes of the text. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SearchRequest } from 'ldapts'
import { expand } from '@postern/lookup-kit'
import { escapeDn, escapeFilter } from '../src/escape.ts'
import { parseFilter } from '../src/filter.ts'
import { tableSchema } from '../src/options.ts'
import { Outbox } from '../src/outbox.ts'
import { Searches } from '../src/search.ts'

/** the same in each run */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % sides
  }
}
const ATTRIBUTES = ['uid', 'mail;lang-en']
function ours(queryFilter: string, searchBase: string, key: string, id: number): Buffer | undefined {
  const options = tableSchema.parse({
    queryFilter,
    searchBase,
    sizeLimit: 300,
    timeout: 7,
    dereference: 2,
    scope: 'one',
  })
  const search = new Searches(options, ATTRIBUTES).for(key)
  const out = new Outbox()
  search?.message.write(out, id)
  return search && out.take()
}
function theirs(queryFilter: string, searchBase: string, key: string, messageId: number): Buffer | undefined {
  const base = expand(searchBase, { value: key, key, quote: escapeDn })
  const text = expand(queryFilter, { value: key, key, quote: escapeFilter })
  if (base === undefined || text === undefined) return undefined
  const filter = parseFilter(text)
  return new SearchRequest({
    messageId,
    baseDN: base,
    scope: 'one',
    filter,
    attributes: ATTRIBUTES,
    derefAliases: 'find',
    sizeLimit: 300,
    timeLimit: 7,
  }).write()
}
function same(filter: string, base: string, key: string, id: number): void {
  const told = JSON.stringify([filter, base, key.slice(0, 60), key.length])
  assert.is(ours(filter, base, key, id)?.toString('hex'), theirs(filter, base, key, id)?.toString('hex'), told)
}

const KEYS = [
  'joe@example.org',
  'a*b(c)d\\e@ex*(am)\\ple.org',
  '*',
  ')(uid=*',
  '\\2a',
  '\0@\0',
  'jürgen@müller.example',
  '日本@例え.テスト',
  '😀@\u{f0000}.org',
  ' blanks @ example.org ',
  'joe @example.org',
  '@example.org',
  'joe@',
  '@',
  'joe',
  '#x,y+z"<>;=@a.b.c.d.e.f.g.h.i.j',
  'x\u00a0',
  ...[100, 127, 128, 200, 255, 256, 65_535, 65_536, 70_000].map((length) => `${'x'.repeat(length - 4)}@y.z`),
]
const IDS = [1, 127, 128, 255, 256, 32_767, 32_768, 8_388_607, 8_388_608, 2 ** 31 - 1]
/** Filters, and whether they can be read once for all keys. */
const FILTERS = [
  'mail=%s',
  ' mail=%s ',
  'uid=%u',
  '(mail=%s)',
  ' ( & ( mail=%s ) ( | (uid=%u) (o=%d) (!(dc=%2)) ) ) ',
  '(cn=%s*)',
  '(cn=*%s)',
  '(cn=*%s*)',
  '(cn=a*%u*b*%d*c)',
  '(cn=%u%d)',
  '(cn=100%%%u)',
  '(cn=*)',
  '(n>=%s)',
  '(n<=%s)',
  '(n~=%s)',
  '(cn:dn:2.4.6.8.10:=%s)',
  '(:caseExactMatch:=%s)',
  '(cn=\\c3\\bc%s\\2a)',
  '(cn=\\f3\\b0\\80\\80%s)',
  '(cn=\\f3\\b0\\80\\81*%s)',
  '(cn=\u{f0000}%s)',
  '(|)',
  '(&(mail=%s)(mail=%s)(mail=%s)(uid=%1.%2))',
]
const BASES = ['dc=example,dc=org', 'ou=%d,dc=%1', 'cn=%s', '', 'cn=100%%']
test('all filters with all keys', () => {
  let n = 0
  for (const filter of FILTERS)
    for (const base of BASES) for (const key of KEYS) same(filter, base, key, IDS[n++ % IDS.length]!)
})
test('filters that have another shape for each key', () => {
  for (const [filter, key] of [
    ['(%u=x)', 'mail'],
    ['(cn:%u:=x)', '2.5.13.5'],
    ['(cn:%u:=x)', 'dn'],
    ['%s=x', 'mail'],
    ['(cn=\\%s)', '2a'],
    ['(cn=\\2%s*)', 'a'],
  ] as const)
    same(filter, 'dc=x', key, 7)
})
test('generated filters', () => {
  const roll = dice(7)
  const of = <T>(all: readonly T[]): T => all[roll(all.length)]!
  const value = () =>
    Array.from({ length: roll(4) }, () => of(['%s', '%u', '%d', '%1', 'x', '\\2a', 'é', '%%', '\\00'])).join('')
  const item = (): string => {
    const name = of(['mail', 'cn;lang-en', '2.5.4.3', 'o'])
    const kind = roll(8)
    if (kind === 0) return `(${name}=*)`
    if (kind === 1) return `(${name}${of(['>', '<', '~'])}=${value()})`
    if (kind === 2) return `(${name}${of(['', ':dn'])}${of(['', ':2.5.13.5'])}:=${value()})`
    if (kind < 5) return `(${name}=${Array.from({ length: 2 + roll(3) }, value).join('*')})`
    return `(${name}=${value()})`
  }
  const filter = (depth: number): string => {
    const kind = depth > 4 ? 9 : roll(6)
    if (kind > 2) return item()
    if (kind === 2) return `(!${filter(depth + 1)})`
    return `(${'&|'[kind]}${Array.from({ length: 1 + roll(4) }, () => filter(depth + 1)).join(' ')})`
  }
  for (let i = 0; i < 2000; i++) same(filter(0), of(BASES), of(KEYS.slice(0, 22)), of(IDS))
})
test('several messages in one piece, larger than what was there for them', () => {
  const options = tableSchema.parse({ queryFilter: '(mail=%s)', searchBase: 'dc=x' })
  const searches = new Searches(options, ['uid'])
  const out = new Outbox()
  const keys = Array.from({ length: 300 }, (_v, i) => `u${i}${'y'.repeat(i % 7 === 0 ? 3000 : 3)}@x`)
  const one = (key: string, id: number) => {
    const alone = new Outbox()
    searches.for(key)!.message.write(alone, id)
    return alone.take()
  }
  keys.forEach((key, i) => searches.for(key)!.message.write(out, i + 1))
  assert.ok(out.take().equals(Buffer.concat(keys.map((key, i) => one(key, i + 1)))))
  assert.ok(out.empty)
})
test.run()
