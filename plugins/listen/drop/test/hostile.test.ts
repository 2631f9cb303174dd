/** Files that nobody should put into the folder harm nobody: each is put there beside good mail, which arrives. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { sleep, until } from '@postern/testkit'
import { suite, test } from 'uvu'
import * as assert from 'uvu/assert'
import { OTHER, asRoot, dropFile, dropSite } from './support/site.ts'
import type { DropSite } from './support/site.ts'

const MAIL = 'Subject: s\n\nbody\n'
const good = dropFile(MAIL)
const gone = (path: string) => until(`${path} gone`, () => !existsSync(path) || undefined)

interface Case {
  readonly put: (site: DropSite) => string
  /** what the log says of it */
  readonly event: 'drop.junk' | 'drop.corrupt'
  readonly why: RegExp
}
const cases: Record<string, Case> = {
  'a symbolic link to a file of the daemon': {
    put(site) {
      const secret = join(site.drop, '..', 'secret')
      writeFileSync(secret, good, { mode: 0o600 })
      symlinkSync(secret, join(site.drop, 'm.link'))
      return 'm.link'
    },
    event: 'drop.junk',
    why: /not a regular file/,
  },
  'a symbolic link to a device': {
    put: (site) => (symlinkSync('/dev/zero', join(site.drop, 'm.zero')), 'm.zero'),
    event: 'drop.junk',
    why: /not a regular file/,
  },
  'a hard link to the mail of somebody else': {
    put(site) {
      const theirs = join(site.drop, '..', 'theirs')
      writeFileSync(theirs, good)
      linkSync(theirs, join(site.drop, 'm.hard'))
      return 'm.hard'
    },
    event: 'drop.junk',
    why: /2 links/,
  },
  'a FIFO': {
    put(site) {
      assert.is(spawnSync('mkfifo', [join(site.drop, 'm.fifo')]).status, 0)
      return 'm.fifo'
    },
    event: 'drop.junk',
    why: /not a regular file/,
  },
  'an empty folder': {
    put: (site) => (mkdirSync(join(site.drop, 'm.folder')), 'm.folder'),
    event: 'drop.junk',
    why: /not a regular file/,
  },
  'an empty file': {
    put: (site) => (site.put('m.empty', ''), 'm.empty'),
    event: 'drop.corrupt',
    why: /not a finished file/,
  },
  'a file that is no mail': {
    put: (site) => (site.put('m.text', 'To: everybody\n\nhello\n'), 'm.text'),
    event: 'drop.corrupt',
    why: /not a finished file/,
  },
  'a file that was cut': {
    put: (site) => (site.put('m.cut', good.subarray(0, good.length - 20)), 'm.cut'),
    event: 'drop.corrupt',
    why: /not a finished file/,
  },
  'a file with a byte changed': {
    put(site) {
      const bytes = Buffer.from(good)
      bytes[12]! ^= 1
      site.put('m.flip', bytes)
      return 'm.flip'
    },
    event: 'drop.corrupt',
    why: /not a finished file/,
  },
  'a huge file that takes no room': {
    put(site) {
      const path = site.put('t.huge', 'x')
      truncateSync(path, 8 * 1024 ** 4)
      renameSync(path, join(site.drop, 'm.huge'))
      return 'm.huge'
    },
    event: 'drop.corrupt',
    why: /larger than/,
  },
  'a message above the limit': {
    put: (site) => (site.put('m.big', dropFile(`Subject: s\n\n${'x'.repeat(60_000)}\n`)), 'm.big'),
    event: 'drop.corrupt',
    why: /message file too big/,
  },
  'an envelope of no recipients': {
    put: (site) => (site.put('m.none', dropFile(MAIL, { recipients: [] })), 'm.none'),
    event: 'drop.corrupt',
    why: /envelope/,
  },
  'an envelope with a command in an address': {
    put: (site) => (site.put('m.crlf', dropFile(MAIL, { recipients: ['a@b\r\nRCPT TO:<c@d>'] })), 'm.crlf'),
    event: 'drop.corrupt',
    why: /envelope/,
  },
  'an envelope with another parameter in ORCPT': {
    put(site) {
      site.put('m.orcpt', dropFile(MAIL, { recipients: [{ address: 'box', orcpt: 'rfc822 NOTIFY=NEVER ;x' }] }))
      return 'm.orcpt'
    },
    event: 'drop.corrupt',
    why: /envelope/,
  },
  'an envelope with NEVER beside others': {
    put: (site) => (site.put('m.never', dropFile(MAIL, { notify: ['NEVER', 'SUCCESS'] })), 'm.never'),
    event: 'drop.corrupt',
    why: /envelope/,
  },
  'an envelope that is something else': {
    put: (site) => (site.put('m.odd', dropFile(MAIL, { sender: { toString: 1 } as never })), 'm.odd'),
    event: 'drop.corrupt',
    why: /envelope/,
  },
}
let shared: DropSite
const table = suite('each beside good mail')
table.before(async () => void (shared = await dropSite({}, { messageSizeLimit: 50_000 })))
table.after(() => shared.stop())
Object.entries(cases).forEach(([what, { put, event, why }], n) =>
  table(what, async () => {
    const kept = shared.corrupt()
    const name = put(shared)
    shared.put('m.zgood', dropFile(MAIL, { recipients: [`box${n}`] }))
    await shared.box(`box${n}`).waitFor(1)
    const said = await shared.mta.log.waitFor(event, { file: name })
    assert.match(String(said.fields.why), why)
    await gone(join(shared.drop, name))
    assert.is(shared.corrupt().length - kept.length, event === 'drop.corrupt' ? 1 : 0)
    await shared.mta.idle()
    assert.is((await shared.box('box').messages()).length, 0)
  }),
)
table.run()

test('what a link leads to is neither read nor removed', async () => {
  const site = await dropSite()
  try {
    const secret = join(site.drop, '..', 'secret')
    writeFileSync(secret, good, { mode: 0o600 })
    symlinkSync(secret, join(site.drop, 'm.link'))
    await gone(join(site.drop, 'm.link'))
    assert.equal(readFileSync(secret), good)
    assert.is((await site.box('box').messages()).length, 0)
  } finally {
    await site.stop()
  }
})

test('a full folder of somebody else stays, and the rest goes on', async () => {
  const site = await dropSite({ pollInterval: '50ms' })
  try {
    mkdirSync(join(site.drop, 'm.full'))
    writeFileSync(join(site.drop, 'm.full', 'x'), 'x')
    await site.mta.log.waitFor('drop.junk', { file: 'm.full' })
    site.put('m.good', good)
    await site.box('box').waitFor(1)
    assert.ok(existsSync(join(site.drop, 'm.full', 'x')))
  } finally {
    await site.stop()
  }
})

test('rubbish without our names is removed at the next look; what is being written stays until it is a day old', async () => {
  const site = await dropSite({ pollInterval: '50ms' })
  try {
    writeFileSync(join(site.drop, 'README'), 'x')
    writeFileSync(join(site.drop, 't.young'), 'x')
    const old = site.put('t.old', 'x')
    const yesterday = Date.now() / 1000 - 90_000
    utimesSync(old, yesterday, yesterday)
    await gone(join(site.drop, 'README'))
    await gone(old)
    assert.equal(site.names(), ['t.young'])
  } finally {
    await site.stop()
  }
})

test('a file that changes while it is read is taken as it was, or not at all', async () => {
  const site = await dropSite()
  try {
    const whole = dropFile(`Subject: s\n\n${'a'.repeat(2_000_000)}\n`)
    for (let n = 0; n < 10; n++) {
      const path = site.put(`t.${n}`, whole)
      const fd = openSync(path, 'r+')
      renameSync(path, join(site.drop, `m.${n}`))
      for (let i = 0; i < 20; i++) {
        writeSync(fd, 'b', 100_000 * i + 50)
        await sleep(0)
      }
      closeSync(fd)
    }
    await until('an empty folder', () => site.names().length === 0)
    await site.mta.idle()
    for (const { body } of await site.box('box').messages()) assert.not.match(body, /b/)
    assert.is((await site.box('box').messages()).length + site.corrupt().length, 10)
  } finally {
    await site.stop()
  }
})

test('two corrupt files of one name are both kept', async () => {
  const site = await dropSite()
  try {
    for (const text of ['one', 'two']) {
      site.put('m.same', text)
      await gone(join(site.drop, 'm.same'))
    }
    const kept = site.corrupt().map((name) => readFileSync(join(site.drop, 'corrupt', name), 'utf8'))
    assert.equal(kept.sort(), ['one', 'two'])
  } finally {
    await site.stop()
  }
})

test('corrupt files above the limit are not kept', async () => {
  const site = await dropSite({ corruptLimit: 3 })
  try {
    for (let n = 0; n < 8; n++) site.put(`m.${n}`, 'rubbish')
    await until('an empty folder', () => site.names().length === 0)
    assert.is(site.corrupt().length, 3)
  } finally {
    await site.stop()
  }
})

test('thousands of files: all good mail arrives once, the log stays short', async () => {
  const site = await dropSite()
  try {
    for (let n = 0; n < 3000; n++)
      if (n % 100 === 0) site.put(`m.${n}`, good)
      else if (n % 3 === 0) symlinkSync('/etc/passwd', join(site.drop, `m.${n}`))
      else writeFileSync(join(site.drop, `m.${n}`), 'rubbish')
    await until('an empty folder', () => site.names().length === 0, 60_000)
    await site.mta.idle()
    assert.is((await site.box('box').messages()).length, 30)
    const said = site.mta.log.filter((e) => e.event === 'drop.junk' || e.event === 'drop.corrupt')
    assert.ok(said.length <= 100, `${said.length} lines`)
  } finally {
    await site.stop()
  }
})

const rootOnly = asRoot ? test : test.skip
rootOnly('the owner of the file is who submits, whatever the file says', async () => {
  const site = await dropSite({ authorizedSubmitUsers: ['!nobody', 'static:anyone'] })
  try {
    site.put('m.theirs', dropFile(MAIL, { sender: 'root' }), OTHER)
    site.put('m.zours', dropFile('Subject: ours\n\nx\n', { sender: 'other@x.example' }), 0)
    const [first] = await site.box('box').waitFor(1)
    assert.match(first!.header('received')!, /\(Postern, from userid 0\)/)
    assert.is(first!.header('return-path'), '<other@x.example>')
    await site.mta.log.waitFor('drop.corrupt', {
      file: 'm.theirs',
      uid: OTHER,
      why: 'this user is not allowed to submit mail',
    })
    await site.mta.idle()
    assert.is((await site.box('box').messages()).length, 1)
  } finally {
    await site.stop()
  }
})
rootOnly('a folder of somebody else stops the start', async () => {
  const site = await dropSite()
  try {
    chownSync(site.drop, OTHER, OTHER)
    let error: Error | undefined
    await site.mta.restart().catch((e: Error) => (error = e))
    assert.match(`${error?.message} ${String(error?.cause)}`, /belongs to user id 65534/)
    chownSync(site.drop, 0, 0)
    await site.mta.restart()
  } finally {
    chmodSync(site.drop, 0o700)
    await site.stop()
  }
})
test.run()
