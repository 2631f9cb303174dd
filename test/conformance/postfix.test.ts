/** The judge is judged: Debian's Postfix must pass what was recorded of it. Cases with all that a room can have. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inPool } from './board/pool.ts'
import { firstDifference, runCase } from './board/result.ts'
import { findCases } from './cases.ts'
import { missingHere } from './needs.ts'
import { programPath } from './room/testkit.ts'

const NAMES = ['bounce-05-double', 'cli-01-sendmail', 'local-06-mailbox-command', 'sasl-01-auth', 'tls-03-client']
const missing = missingHere() ?? (programPath('postfix') === undefined ? 'needs postfix' : undefined)
if (missing && process.env.CI === 'true') throw new Error(missing)
if (missing) process.stdout.write(`# skipped: ${missing}\n`)

const test = suite('conformance of Postfix')
const define = missing ? test.skip : test
define('passes at full', async () => {
  const results = await inPool(findCases(NAMES), 2, (folder) => runCase(folder, { server: 'postfix', limit: 120_000 }))
  for (const result of results) {
    assert.is(result.passed, 'full', [result.name, ...firstDifference(result, 'full')].join('\n'))
  }
  assert.is(results.length, NAMES.length)
})
define('a server that does not start is told with what it said', async () => {
  const [folder] = findCases(['smtp-01-order'])
  const result = await runCase(folder!, { server: 'echo no such thing in {etc}; exit 1', limit: 60_000 })
  assert.is(result.passed, undefined)
  assert.match(result.error ?? '', 'the server ended before it answered')
  assert.match(result.error ?? '', /no such thing in \/tmp\/pfc-\w+\/etc/)
})
define('a case ends with its limit, and nothing of it is left', async () => {
  const [folder] = findCases(['smtp-01-order'])
  const result = await runCase(folder!, { server: 'sleep 1000', limit: 3000 })
  assert.match(result.error ?? '', 'not at its end after 3 s')
})
test.run()
