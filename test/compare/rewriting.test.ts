/**
 * Addresses and header fields from a generator, hostile ones included, through a live Postfix and through ours: the same
 * replies, envelopes, headers and routes. COMPARE_CASES: messages for each setting (40, as far as 20 s go); COMPARE_SEED: another
 * lot of them; COMPARE_SHOWN: how many differences are told (10).
 */
import { isDeepStrictEqual } from 'node:util'
import { suite } from 'uvu'
import { missingPrograms } from '@postern/testkit'
import { externalOf, tokensOf, trivial } from '@postern/addresses'
import { generator } from './support/generate.ts'
import { outcomeOfOurs, outcomeOfTheirs } from './support/outcome.ts'
import { startOurs } from './support/ours.ts'
import { startJudge } from './support/postfix.ts'
import type { Judge } from './support/postfix.ts'
import { mailReplies, sendAll } from './support/session.ts'
import type { Case, Said } from './support/session.ts'
import { SETTINGS } from './support/settings.ts'

const COUNT = Number(process.env.COMPARE_CASES ?? 40)
/** ms for all messages together, unless a number of them was asked for: a busy machine sends fewer */
const TIME = process.env.COMPARE_CASES ? Infinity : 20_000
const AT_ONCE = 10
const SEED = Number(process.env.COMPARE_SEED ?? 1)
/** addresses for each message, where only one service of Postfix is asked */
const TIMES = 10
const SHOWN = Number(process.env.COMPARE_SHOWN ?? 10)

const why = process.getuid?.() === 0 ? missingPrograms('postfix') : 'needs root'
const test = suite('a live Postfix')
let judge: Judge
test.before(async () => {
  if (!why) judge = await startJudge(SETTINGS)
})
test.after(async () => {
  if (!why) await judge.stop()
})
const run = why ? test.skip : test

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
/** Those that differ, the first few in full. */
function tell(differ: readonly string[], of: number): void {
  if (differ.length > 0) throw new Error(`${differ.length} of ${of} differ:\n${differ.slice(0, SHOWN).join('\n')}`)
}

/** Without specials, and not these: `-x` (Postfix's allow_min_user), `!joe`, `joe%` (their domain is empty; ours goes on with them). */
const PLAIN =
  /^(?![-!])(?!.*[%!](?:@|$|[*.]))(?!.*!.*\.$)(?!.*[+-].*!)(?!.*%.*\+)[^()<>,;:\\\s"[\]@]*(?:@[^()<>,;:\\\s"[\]@]*)?$/
run('what is taken for an address at MAIL', async () => {
  const { address } = generator(SEED)
  const all = [...new Set(Array.from({ length: COUNT * SETTINGS.length }, address))].filter((text) => PLAIN.test(text))
  const ours = await startOurs(SETTINGS[0]!)
  try {
    const [theirs, mine] = await Promise.all([judge.port(0), ours.mta.port()].map((port) => mailReplies(port, all)))
    tell(
      all.flatMap((text, i) =>
        theirs![i] === mine![i] ? [] : [`${text}\n   theirs ${theirs![i]}\n     ours ${mine![i]}`],
      ),
      all.length,
    )
  } finally {
    await ours.stop()
  }
})

SETTINGS.forEach((setting, n) => {
  const rules = {
    swapBangpath: true,
    allowPercentHack: true,
    appendAtMyorigin: true,
    appendDotMydomain: false,
    ...setting.use['rewrite-trivial'],
  }
  const site = setting.site as { myorigin: string; mydomain: string }
  run(`${setting.name}: the standard form`, async () => {
    const { address } = generator(SEED + n * 1000)
    const rewriter = await judge.rewriter(n)
    const differ: string[] = []
    try {
      for (let i = 0; i < COUNT * TIMES; i++) {
        const given = latin1(address())
        // nothing at all ends the service (`panic: rewrite_tree: empty tree`); no client gets that far
        if (tokensOf(given).length === 0) continue
        const theirs = await rewriter.rewrite('local', given)
        const o = {
          swapBangpath: rules.swapBangpath,
          allowPercentHack: rules.allowPercentHack,
          origin: rules.appendAtMyorigin ? site.myorigin : undefined,
          domain: rules.appendDotMydomain ? site.mydomain : undefined,
        }
        const ours = externalOf(trivial(tokensOf(given), o)) || '""'
        if (ours !== theirs)
          differ.push(
            `${JSON.stringify(given)}\n   theirs ${JSON.stringify(theirs)}\n     ours ${JSON.stringify(ours)}`,
          )
      }
    } finally {
      rewriter.close()
    }
    tell(differ, COUNT * TIMES)
  })
  if (setting.formOnly) return
  run(`${setting.name}: messages`, async () => {
    const make = generator(SEED + n * 1000 + 1)
    const ours = await startOurs(setting)
    const rewriter = await judge.rewriter(n)
    const differ: string[] = []
    try {
      const addresses = await understood(Array.from({ length: COUNT * 4 }, make.address), [
        judge.port(n),
        ours.mta.port(),
      ])
      // between plugins a header is text: what one has torn apart the next sees torn
      const isOnePass = !('rewrite-canonical' in setting.use || 'rewrite-masquerade' in setting.use)
      const address = () => addresses[make.below(addresses.length)]!
      const cases: Case[] = Array.from({ length: COUNT }, () => ({
        sender: address(),
        recipients: Array.from({ length: 1 + make.below(3) }, address),
        fields: Array.from({ length: make.below(6) }, make.field).filter((field) => isWhole(field, isOnePass)),
      }))
      const theirReplies: Said[] = []
      const ourReplies: Said[] = []
      const end = performance.now() + TIME / SETTINGS.length
      for (let i = 0; i < cases.length && (i === 0 || performance.now() < end); i += AT_ONCE) {
        const some = cases.slice(i, i + AT_ONCE)
        theirReplies.push(...(await sendAll(judge.port(n), some)))
        ourReplies.push(...(await sendAll(ours.mta.port(), some)))
      }
      await ours.mta.idle()
      for (const [i, given] of cases.slice(0, ourReplies.length).entries()) {
        const theirs = await outcomeOfTheirs(theirReplies[i]!, judge, rewriter)
        const mine = outcomeOfOurs(ourReplies[i]!, ours)
        if (!isDeepStrictEqual(theirs, mine)) differ.push(difference(given, theirs, mine))
      }
    } finally {
      rewriter.close()
      await ours.stop()
    }
    tell(differ, COUNT)
  })
})
/** Specials where they mean nothing: a listener has to guess, and guesses differ. */
const TORN = /^(?!@[^:]*:[^:]*$).*[()<>,;:\t]|\s|[[\]].*@/
/** The dot says that the name is complete; the core has taken it away before it is asked for. */
const COMPLETE_HOST = /@[^.@]+\.$/

/** Quotes in the middle of a word, or that do not close; an address that begins with an `@`. */
const TORN_QUOTES = /[^\s<,.]"[^"]*$|""|\\"|[<,: ]@/
const PAIRS = ['()', '[]', '<>'] as const
/** Do its brackets close? What becomes of others is pinned in packages/addresses, as far as it can be understood. */
function isWhole(field: string, isOnePass: boolean): boolean {
  const count = (c: string) => field.split(c).length
  if (/\r(?!\n)/.test(field)) return false
  // where bytes are no UTF-8 a line end inside of quotes is no blank of its own
  const mayBeTorn = isOnePass && !field.includes('\udce9')
  return PAIRS.every(([open, close]) => count(open!) === count(close!)) && (mayBeTorn || !TORN_QUOTES.test(field))
}

/** Those that both sides take for addresses: what the listener does not let in is another test's. */
async function understood(addresses: readonly string[], ports: readonly number[]): Promise<string[]> {
  const replies = await Promise.all(ports.map((port) => mailReplies(port, addresses)))
  return addresses.filter(
    (address, i) =>
      !TORN.test(address) && !COMPLETE_HOST.test(address) && replies.every((all) => all[i]!.startsWith('250')),
  )
}
/** Only the lines that differ. */
function difference(given: Case, theirs: object, ours: object): string {
  const lines = (value: object) =>
    Object.entries(value).flatMap(([k, v]) => (Array.isArray(v) ? v : [v]).map((x) => `${k}: ${JSON.stringify(x)}`))
  const [a, b] = [lines(theirs), lines(ours)]
  return [
    `${JSON.stringify(given)}`,
    ...a.filter((x) => !b.includes(x)).map((x) => `   theirs ${x}`),
    ...b.filter((x) => !a.includes(x)).map((x) => `     ours ${x}`),
  ].join('\n')
}
test.run()
