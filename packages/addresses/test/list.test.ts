/** Against what Postfix 3.7 made of `To:` fields with these values (append_at_myorigin, swap_bangpath, allow_percent_hack). */
import fs from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eachAddress, internalOf, rewriteList, trivial } from '@postern/addresses'

const OPTIONS = { swapBangpath: true, allowPercentHack: true, origin: 'postern.example', domain: undefined }
const standard = (value: string) => rewriteList('To', value, (tokens) => trivial(tokens, OPTIONS))

/** value, result; `null`: the field stays as it is */
type Recorded = readonly [string, string | null]
const recorded = JSON.parse(fs.readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as Recorded[]
/** `!,x>@`: nobody writes that but fuzzers */
const GARBAGE = 1

test(`${recorded.length} recorded fields`, () => {
  const differ = recorded.filter(
    ([value, result]) => standard(value)?.replaceAll('\r\n', '\n') !== (result ?? undefined),
  )
  // told, so that a change shows which
  assert.ok(differ.length <= GARBAGE, differ.map(([value]) => `${value}: ${standard(value)}`).join('\n'))
})

const LISTS: [value: string, addresses: string[]][] = [
  ['a@b, "C, d" <"e f"@g>, h: i (x), <j@k>;', ['a@b', 'e f@g', 'i', 'j@k']],
  ['undisclosed-recipients:;', []],
  ['Joe Doe <joe> (at home)', ['joe']],
  ['', []],
]
for (const [value, addresses] of LISTS)
  test(`addresses of ${JSON.stringify(value)}`, () => {
    const all: string[] = []
    eachAddress(value, (tokens) => all.push(internalOf(tokens)))
    assert.equal(all.reverse(), addresses.toReversed())
  })
const LONG = 'p'.repeat(240)
const ASIDE: [value: string, rewritten: string][] = [
  [`a (${LONG}0123456)`, `a@postern.example (${LONG}0123456)`],
  [`a (${LONG}01234567)`, '<a@postern.example>'],
  [`"${LONG}" <a> (01234567), b`, '<a@postern.example>, b@postern.example'],
]
for (const [value, rewritten] of ASIDE)
  test(`${value.length} bytes of phrase and comment ${rewritten.length > 50 ? 'stay' : 'go'}`, () => {
    assert.is(standard(value), rewritten)
  })
test('a field that is long and hostile takes no long time', () => {
  for (const piece of ['(', '"', '[', '<', 'a,', '((a)', 'a@', ':;', 'a b '])
    assert.type(standard(piece.repeat(20_000)) ?? '', 'string')
})
test.run()
