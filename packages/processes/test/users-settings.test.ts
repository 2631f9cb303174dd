/** The helper's settings: from the configuration to the helper, at the start and at a reload. */
import * as fs from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserRequest } from '@postern/core'
import { UserClient } from '@postern/processes'
import { ABOVE, MAIL, addPerson, asRoot, callOf, contentOf, removePerson } from './support/people.ts'
import type { Person } from './support/people.ts'
import { onSite, until } from './support/site.ts'
import type { Site } from './support/site.ts'

const request = (kind: string, user: string, more: object): UserRequest =>
  ({ kind, user, above: ABOVE, ...more }) as unknown as UserRequest
const maildir = (user: string) => request('maildir', user, { folder: { below: 'home', path: 'Maildir/' } })
const mbox = (user: string) => request('mbox', user, { file: { below: 'home', path: 'mbox' }, locks: ['dotlock'] })
const sh = (user: string, script: string) => request('command', user, { argv: ['sh', '-c', script], timeout: 20_000 })

const withPerson = (work: (site: Site, person: Person) => Promise<void>) =>
  onSite(async (site) => {
    const person = addPerson(site.folder)
    try {
      await work(site, person)
    } finally {
      removePerson(person.name)
    }
  })
const helpersOf = (pid: number): string[] =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(isHelper)
const isHelper = (pid: string): boolean => {
  try {
    return pid !== '' && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postern users')
  } catch {
    // it has ended meanwhile
    return false
  }
}

const SHORT = { deliverLockAttempts: 2, deliverLockDelay: '10ms', staleLockTime: '100s' }
for (const workers of ['1', '2'])
  asRoot(
    `what the configuration says is heeded, and after a reload what it says then; workers: ${workers}`,
    withPerson(async (site, anna) => {
      await site.config({}, {}, { ...SHORT, users: { minimumUid: anna.uid + 1, processes: 1 } })
      const { pid } = await site.start('--workers', workers)
      const client = new UserClient(site.file('spool/users'))
      const deliver = (request: UserRequest) => client.deliver(request, contentOf(MAIL), callOf())
      const refused = await deliver(maildir(anna.name))
      const why = `refused to deliver as user ${anna.name}: user id ${anna.uid} is below ${anna.uid + 1}`
      assert.equal([refused.esc, refused.text], ['4.3.5', `mail system configuration error: ${why}`])

      await site.config({}, {}, { ...SHORT, users: { minimumUid: anna.uid, processes: 1 } })
      assert.is((await site.run('reload')).code, 0)
      assert.is((await deliver(maildir(anna.name))).kind, 'delivered')
      const lock = path.join(anna.home, 'mbox.lock')
      fs.writeFileSync(lock, '')
      const begun = performance.now()
      assert.is((await deliver(mbox(anna.name))).esc, '4.2.0')
      assert.ok(performance.now() - begun < 10_000, 'twenty tries, one a second')
      const old = Date.now() / 1000 - 200
      fs.utimesSync(lock, old, old)
      assert.is((await deliver(mbox(anna.name))).kind, 'delivered')
      // one at a time: nobody else is started for those who wait
      const slow = Array.from({ length: 4 }, () => deliver(sh(anna.name, 'sleep 0.3')))
      let most = 0
      const look = setInterval(() => (most = Math.max(most, helpersOf(pid).length)), 20)
      for (const outcome of await Promise.all(slow)) assert.is(outcome.kind, 'delivered')
      clearInterval(look)
      assert.is(most, 1)

      // what is under way ends as it began, by a helper that gets nothing more
      const marks = ['begun', 'go'].map((name) => path.join(anna.home, name))
      const before = helpersOf(pid)
      const script = `echo > ${marks[0]}; while [ ! -e ${marks[1]} ]; do sleep 0.1; done`
      const waits = deliver(sh(anna.name, script))
      await until('it to run', () => fs.existsSync(marks[0]!))
      await site.config({}, {}, { ...SHORT, users: { minimumUid: anna.uid + 1 } })
      assert.is((await site.run('reload')).code, 0)
      assert.is((await deliver(maildir(anna.name))).esc, '4.3.5')
      fs.writeFileSync(marks[1]!, '')
      assert.is((await waits).kind, 'delivered')
      await until('the old helper to go', () => !helpersOf(pid).some((p) => before.includes(p)))
      assert.is(helpersOf(pid).length, 1)
      assert.is((await site.run('stop')).code, 0)
    }),
  )

const wrong: [settings: object, line: RegExp][] = [
  [{ users: { minimumUid: 0 } }, /: users\.minimumUid: .*>0/],
  [{ users: { processes: 65 } }, /: users\.processes: .*<=64/],
  [{ users: { programs: 0 } }, /: users\.programs: .*>=1/],
  [{ users: { strict: 'yes' } }, /: users\.strict: .*expected boolean/],
  [{ users: { strictProcesses: 1001 } }, /: users\.strictProcesses: .*<=1000/],
  [{ users: { deadline: '10ms' } }, /: users\.deadline: expected from 1s to 1d/],
  [{ users: { deadlin: '10s' } }, /: users\.deadlin: unknown option \(did you mean "deadline"\?\)/],
  [{ users: 4 }, /: users: .*expected object/],
  [{ deliverLockAttempts: 0 }, /: deliverLockAttempts: .*>0/],
  [{ deliverLockDelay: '2h' }, /: deliverLockDelay: expected from 0s to 1h/],
  [{ staleLockTime: 0 }, /: staleLockTime: expected from 1s to 1w/],
  [{ stale_lock_time: '500s' }, /: stale_lock_time: unknown option/],
]
test(
  'what makes no sense is told with its place',
  onSite(async (site) => {
    for (const [settings, line] of wrong) {
      await site.config({}, {}, settings)
      const { code, out } = await site.run('check')
      assert.is(code, 78, JSON.stringify(settings))
      assert.match(out, line)
    }
    await site.config({}, {}, { users: { deadline: 90 }, deliverLockDelay: 0 })
    assert.is((await site.run('check')).code, 0)
  }),
)
test.run()
