/** Started as root: workers are an unprivileged user's. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { findUser, prepareSpool } from '../src/index.ts'
import { Load } from './support/load.ts'
import { onSite, until } from './support/site.ts'

const root = process.getuid!() === 0
const asRoot = root ? test : test.skip
const idsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/status`, 'utf8')
    .match(/^(Uid|Gid|Groups):.*$/gm)!
    .map((line) => line.replace(/\s+/g, ' ').trim())

asRoot(
  'the primary stays root and acts as the user; workers are the user, with its groups alone',
  onSite(async (site) => {
    const { uid, gid } = findUser('nobody')
    await site.config()
    chownSync(site.folder, uid, gid)
    const status = await site.start('--workers', '2', '--user', 'nobody')
    for (const { pid } of status.workers)
      assert.equal(idsOf(pid), [
        `Uid: ${uid} ${uid} ${uid} ${uid}`,
        `Gid: ${gid} ${gid} ${gid} ${gid}`,
        `Groups: ${gid}`,
      ])
    assert.equal(idsOf(status.pid).slice(0, 2), [`Uid: 0 ${uid} 0 ${uid}`, `Gid: 0 ${gid} 0 ${gid}`])
    for (const name of ['spool', 'spool/postern.log', 'spool/postern.pid', 'spool/control'])
      assert.is(statSync(site.file(name)).uid, uid, name)
    const { accepted } = await new Load(site.port).start(2).end()
    await until('delivery', async () => (await site.delivered()).length === accepted.length)
    // root's rights come back for a fork
    process.kill(status.workers[1]!.pid, 'SIGKILL')
    await until('another one', async () => {
      const [, second] = (await site.status()).workers
      return second!.state === 'running' && second!.pid !== status.workers[1]!.pid
    })
    assert.equal(idsOf((await site.status()).workers[1]!.pid)[0], `Uid: ${uid} ${uid} ${uid} ${uid}`)
    assert.is((await site.run('reload')).code, 0)
    assert.is((await site.run('stop')).code, 0)
  }),
)

asRoot(
  'a port below 1024 is bound by the primary',
  onSite(async (site) => {
    chownSync(site.folder, findUser('nobody').uid, 0)
    await site.config({}, { listen: ['127.0.0.99:25'] })
    const status = await site.start('--user', 'nobody')
    assert.is(status.listening[0]!.port, 25)
    assert.is(status.workers.length, 1)
  }),
)

asRoot(
  'the setting user is heeded; root and unknown users are refused',
  onSite(async (site) => {
    chownSync(site.folder, findUser('nobody').uid, 0)
    await site.config({}, {}, { user: 'nobody' })
    const status = await site.start()
    assert.is(idsOf(status.workers[0]!.pid)[0]!.split(' ')[1], String(findUser('nobody').uid))
    assert.is((await site.run('stop')).code, 0)
    for (const [name, text] of [
      ['root', 'workers cannot run as "root": that is root'],
      ['no-such-user', 'there is no user "no-such-user"'],
      ['-x', 'there is no user "-x"'],
    ])
      assert.equal(await site.run('start', `--user=${name}`, '--foreground'), {
        code: 64,
        out: '',
        err: `postern: --user: ${text}\n`,
      })
  }),
)

asRoot(
  'the spool is given once, and nothing outside it',
  onSite(async (site) => {
    const user = findUser('nobody')
    const owner = (name: string) => statSync(site.file(name)).uid
    mkdirSync(site.file('spool/a'), { recursive: true })
    writeFileSync(site.file('outside'), '')
    symlinkSync(site.file('outside'), site.file('spool/a/link'))
    prepareSpool(site.file('spool'), user)
    assert.equal([owner('spool'), owner('spool/a'), owner('outside')], [user.uid, user.uid, 0])
    // what the user may have led here since is not followed
    writeFileSync(site.file('spool/later'), '')
    prepareSpool(site.file('spool'), user)
    assert.is(owner('spool/later'), 0)

    mkdirSync(site.file('other'))
    linkSync(site.file('outside'), site.file('other/hard'))
    assert.throws(() => prepareSpool(site.file('other'), user), /has another name elsewhere/)
    assert.equal([owner('other'), owner('outside')], [0, 0])
    symlinkSync(site.file('other'), site.file('linked'))
    assert.throws(() => prepareSpool(site.file('linked'), user), /is not a folder/)
  }),
)

asRoot(
  'what others have dropped stays theirs, and nothing of it keeps the spool from being given',
  onSite(async (site) => {
    const user = findUser('nobody')
    const drop = site.file('spool/drop')
    mkdirSync(path.join(drop, 'corrupt'), { recursive: true })
    mkdirSync(path.join(drop, 'theirs'))
    writeFileSync(site.file('outside'), '')
    for (const [name, uid] of [
      ['m.user', 1234],
      ['m.root', 0],
      ['corrupt/m.old', 1234],
      ['theirs/x', 1234],
    ] as const) {
      writeFileSync(path.join(drop, name), '', { mode: 0o640 })
      chownSync(path.join(drop, name), uid, 0)
    }
    chownSync(path.join(drop, 'theirs'), 1234, 1234)
    linkSync(site.file('outside'), path.join(drop, 'm.hard'))
    symlinkSync(site.file('outside'), path.join(drop, 'm.link'))
    chmodSync(drop, 0o3733)
    prepareSpool(site.file('spool'), user)
    const ids = (name: string) => {
      const { uid, gid } = lstatSync(path.join(drop, name))
      return `${name} ${uid} ${gid}`
    }
    const [uid, gid] = [user.uid, user.gid]
    assert.equal(
      ['', 'corrupt', 'corrupt/m.old', 'm.user', 'm.root', 'm.hard', 'm.link', 'theirs', 'theirs/x'].map(ids),
      [
        ` ${uid} ${gid}`,
        `corrupt ${uid} ${gid}`,
        `corrupt/m.old ${uid} ${gid}`,
        `m.user 1234 ${gid}`,
        `m.root 0 ${gid}`,
        'm.hard 0 0',
        'm.link 0 0',
        'theirs 1234 1234',
        'theirs/x 1234 0',
      ],
    )
    assert.is((statSync(drop).mode & 0o7777).toString(8), '3733')
  }),
)

test.run()
