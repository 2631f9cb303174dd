/** Programs beside each other, and beside other deliveries. */
import * as fs from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserOutcome, UserRequest } from '@postern/core'
import { ABOVE, MAIL, bothModes, callOf, contentOf, files, inPlace } from './support/people.ts'
import type { Person, Place } from './support/people.ts'
import { lives, until } from './support/site.ts'

const request = (kind: string, user: string, more: object): UserRequest =>
  ({ kind, user, above: ABOVE, ...more }) as unknown as UserRequest
const maildir = (user: string) => request('maildir', user, { folder: { below: 'home', path: 'Maildir/' } })
const sh = (user: string, script: string) => request('command', user, { argv: ['sh', '-c', script], timeout: 20_000 })
const deliver = (p: Place, request: UserRequest, call = callOf()) => p.client.deliver(request, contentOf(MAIL), call)
const times = <T>(n: number, fn: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => fn(i))
const marks = (of: Person, prefix: string) => files(of.home).filter((name) => name.startsWith(prefix))
const kinds = (outcomes: readonly UserOutcome[]) => [...new Set(outcomes.map((o) => o.kind))]
/** Ends when so many of its kind run at once, which is never if they run one after the other. */
const together = (n: number) => `echo > on.$$; while [ $(ls on.* | wc -l) -lt ${n} ]; do sleep 0.1; done`
/** Runs until there is a file `go`. */
const held = (name: string) => `echo > ${name}.$$; while [ ! -e go ]; do sleep 0.1; done`

bothModes(
  'twenty at a time by one helper, and a maildir beside them',
  inPlace(
    async (p) => {
      const [anna, berta] = [p.person(), p.person()]
      assert.equal(kinds(await Promise.all(times(20, () => deliver(p, sh(anna.name, together(20)))))), ['delivered'])
      const all = times(20, () => deliver(p, sh(anna.name, held('held'))))
      await until('all of them to run', () => marks(anna, 'held').length === 20)
      for (const who of [anna, berta, anna]) assert.is((await deliver(p, maildir(who.name))).kind, 'delivered')
      fs.writeFileSync(path.join(anna.home, 'go'), '')
      assert.equal(kinds(await Promise.all(all)), ['delivered'])
      assert.is(p.helpers.pids.length, 1)
    },
    { processes: 1 },
  ),
)
bothModes(
  'no more than they may be; who has given up waiting is not served',
  inPlace(
    async (p) => {
      const anna = p.person()
      const running = times(2, () => deliver(p, sh(anna.name, held('first'))))
      await until('two to run', () => marks(anna, 'first').length === 2)
      const gone = new AbortController()
      const left = deliver(p, sh(anna.name, 'echo > left'), callOf(gone.signal)).catch((e: Error) => e.name)
      const more = times(5, () => deliver(p, sh(anna.name, held('second'))))
      // those who wait for their turn do not keep others waiting
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
      assert.is((await p.client.find(anna.name, callOf())).kind, 'found')
      assert.equal(marks(anna, 'second'), [])
      gone.abort()
      assert.is(await left, 'AbortError')
      fs.writeFileSync(path.join(anna.home, 'go'), '')
      assert.equal(kinds(await Promise.all([...running, ...more])), ['delivered'])
      assert.not(fs.existsSync(path.join(anna.home, 'left')))
      await until('the log', () => p.log.length === 1)
      assert.is(p.log[0]!.fields.cause, 'nobody waits for it any more')
    },
    { processes: 1, programs: 2 },
  ),
)
bothModes(
  'the helper that dies takes all of its programs with it',
  inPlace(
    async (p) => {
      const anna = p.person()
      const script = 'sleep 600 & echo $! > child.$$; sleep 600'
      const all = times(5, () => deliver(p, sh(anna.name, script)).catch((e: Error) => e.name))
      const pids = () => marks(anna, 'child').map((n) => Number(fs.readFileSync(path.join(anna.home, n), 'utf8')))
      await until('all of them to run', () => pids().filter((pid) => pid > 0).length === 5)
      for (const pid of p.helpers.pids) process.kill(pid, 'SIGKILL')
      assert.equal(
        await Promise.all(all),
        times(5, () => 'HelperGone'),
      )
      await until('their children to be gone', () => !pids().some(lives))
    },
    { processes: 1 },
  ),
)
bothModes(
  'helpers that have as many as they may: another one is started',
  inPlace(
    async (p) => {
      const people = times(3, () => p.person())
      const shared = path.join(p.folder, 'shared')
      fs.mkdirSync(shared)
      fs.chmodSync(shared, 0o777)
      const all = people.map(({ name }) => deliver(p, sh(name, `cd ${shared}; ${together(3)}`)))
      assert.equal(kinds(await Promise.all(all)), ['delivered'])
    },
    { processes: 3, programs: 1 },
  ),
)
test.run()
