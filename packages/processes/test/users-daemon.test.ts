/** Mail for users of the system, through the whole daemon: as root, with workers of another user, and in one process. */
import * as fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { dialogue } from '@postern/testkit'
import { findUser } from '../src/index.ts'
import { MEMORY, onSite, until } from './support/site.ts'
import type { Site } from './support/site.ts'
import { addPerson, asRoot, files, only, removePerson } from './support/people.ts'
import type { Person } from './support/people.ts'

const TO_USERS = fileURLToPath(new URL('support/to-users.js', import.meta.url))

async function configure(site: Site, more: object = {}): Promise<void> {
  const plugins = [
    MEMORY,
    { [TO_USERS]: {} },
    { 'deliver-maildir': { mailboxBase: site.file('unused') } },
    { 'listen-smtp': { listen: [`127.0.0.1:${site.port}`], smtpdPeernameLookup: false } },
    { 'ops-log': { format: 'json', level: 'info' } },
  ]
  const config = { myhostname: 'mail.here.example', spool: 'spool', drainTimeout: '5s', plugins, ...more }
  fs.writeFileSync(site.file('postern.config.json'), JSON.stringify(config))
}
async function send(site: Site, to: string, subject: string): Promise<void> {
  const d = await dialogue(site.port)
  await d.send('EHLO client.example')
  const text = `Subject: ${subject}\n\nbody\n`
  const replies = await d.message({ from: 'a@b.example', to: `${to}@here.example`, text })
  assert.match(replies.at(-1)!, /^250 2\.0\.0/)
  await d.close()
}
const withPerson = (work: (site: Site, person: Person) => Promise<void>) =>
  onSite(async (site) => {
    const person = addPerson(site.folder)
    try {
      await work(site, person)
    } finally {
      removePerson(person.name)
    }
  })
const box = (person: Person) => path.join(person.home, 'Maildir/new')
const arrived = (person: Person, n: number) =>
  until(`${n} in the mailbox`, () => fs.existsSync(box(person)) && files(box(person)).length === n)
const childrenOf = (pid: number): number[] =>
  fs
    .readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((p) => p !== '')
    .map(Number)
const titleOf = (pid: number) => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0.*$/s, '')

asRoot(
  'two workers of an unprivileged user; the mail is its recipient’s, who is nobody’s worker',
  withPerson(async (site, person) => {
    await configure(site)
    fs.chownSync(site.folder, findUser('nobody').uid, 0)
    const status = await site.start('--workers', '2', '--user', 'nobody')
    const helpers = () => childrenOf(status.pid).filter((pid) => titleOf(pid).startsWith('postern users'))
    assert.equal(helpers(), [], 'nothing is started before it is needed')
    const socket = fs.statSync(site.file('spool/users'))
    assert.equal([socket.uid, socket.mode & 0o777], [findUser('nobody').uid, 0o600])
    await send(site, person.name, 'one')
    await arrived(person, 1)
    const file = only(box(person))
    assert.equal([fs.statSync(file).uid, fs.statSync(file).gid], [person.uid, person.gid])
    assert.match(
      fs.readFileSync(file, 'utf8'),
      new RegExp(
        `^Return-Path: <a@b.example>\nX-Original-To: ${person.name}@here.example\nDelivered-To: ${person.name}@`,
      ),
    )
    assert.is(helpers().length, 1)
    await send(site, 'no-such-user', 'two')
    await until('a failure', () => site.log().includes('unknown user: \\"no-such-user\\"'))
    // the next one comes through another helper
    process.kill(helpers()[0]!, 'SIGKILL')
    await send(site, person.name, 'three')
    await arrived(person, 2)
    assert.is((await site.run('stop')).code, 0)
    assert.not(fs.existsSync(site.file('spool/users')))
  }),
)
asRoot(
  'one process, as root',
  withPerson(async (site, person) => {
    await configure(site)
    await site.start()
    await send(site, person.name, 'one')
    await arrived(person, 1)
    assert.is(fs.statSync(only(box(person))).uid, person.uid)
    assert.is((await site.run('stop')).code, 0)
  }),
)
test.run()
