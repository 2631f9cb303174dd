/** What dpkg-reconfigure writes, used: Debian's Postfix and Postern do the same on the same folder, on a machine of their own. */
import { readdirSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inPool } from '../conformance/board/pool.ts'
import { missingHere } from '../conformance/needs.ts'
import type { Seen } from './machine/debian.ts'
import { played } from './machine/outside.ts'

const ANSWERS = readdirSync(new URL('../../packages/postfix-config/test/debian', import.meta.url))
/** Postfix's mails at the smarthost, at the MX of others, and of rich's: else nothing was tried */
const USED: Readonly<Record<string, readonly [smarthost: number, remote: number, rich: number]>> = {
  'internet-site': [0, 2, 1],
  'internet-site-tls': [0, 2, 1],
  'internet-with-smarthost': [2, 0, 1],
  'satellite-system': [2, 0, 0],
  'local-only': [0, 0, 0],
}
const missing = missingHere()
if (missing && process.env.CI === 'true') throw new Error(missing)
if (missing) process.stdout.write(`# skipped: ${missing}\n`)

const test = suite('Debian, used')
const define = missing ? test.skip : test
let all: ReadonlyMap<string, Seen & { said: string }> = new Map()
test.before(async () => {
  if (missing) return
  const wanted = ANSWERS.flatMap((answer) => ['postfix', 'postern'].map((server) => [answer, server] as const))
  all = new Map(
    await inPool(wanted, 3, async (args) => {
      const seen = await played<Seen & { said: string }>('debian', args)
      return [args.join(' '), seen] as const
    }),
  )
})
for (const answer of ANSWERS)
  define(answer, () => {
    const [theirs, ours] = ['postfix', 'postern'].map((server) => all.get(`${answer} ${server}`)!)
    const { smarthost, remote } = theirs!.hops
    assert.equal([smarthost!.length, remote!.length, theirs!.boxes.rich!.length], USED[answer])
    assert.equal({ ...ours, said: '' }, { ...theirs, said: '' })
    assert.match(ours!.said, /Postern is ready/)
  })
test.run()
