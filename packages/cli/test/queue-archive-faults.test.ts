import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { readFile, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readArchive } from '../src/queue/archive/read.ts'
import { archiveFor } from '../src/queue/archive/write.ts'
import type { Whole } from '../src/queue/source.ts'
import { makeArchive } from './support/archive.ts'
import { LITTLE, onSite } from './support/command.ts'
import { rows } from './support/filled.ts'

test(
  'a body that is damaged on the disk is named, marked, and not taken for whole; a full disk is no stack trace',
  onSite(async (site) => {
    await site.config({ plugins: ['queue-journal', { [LITTLE]: {} }] })
    await site.run('start')
    await makeArchive(path.join(site.folder, 'in'), {
      bad: { held: 'x', content: 'Subject: bad\r\n\r\nflip THIS byte\r\n' },
      good: { held: 'x' },
    })
    const { out } = await site.run('queue', 'import', 'in')
    const id = (name: string) => new RegExp(`^${name} imported as (\\w+)$`, 'm').exec(out)![1]!
    await site.run('stop')
    const parts = path.join(site.spool, 'journal/parts')
    for (const file of readdirSync(parts, { recursive: true, encoding: 'utf8' })) flip(path.join(parts, file))
    for (const place of ['out', 'out.tar']) {
      const { code, err } = await site.run('queue', 'export', '--to', place)
      assert.is(code, 65)
      assert.match(err, new RegExp(`^postern: ${id('bad')} is not whole: .*damaged`, 'm'))
    }
    assert.match(await readFile(path.join(site.folder, `out/${id('bad')}.json`), 'utf8'), /"damaged": "/)
    assert.is(spawnSync('tar', ['tf', 'out.tar'], { cwd: site.folder }).stdout.toString().split('\n').length, 5)
    await site.run('start')
    const again = await site.run('queue', 'import', 'out.tar')
    assert.equal([again.code, again.out.split(' ')[0]], [65, id('good')])
    assert.match(again.err, /the message is not whole/)

    const full = await site.run('queue', 'export', id('good'), '--to', '/dev/full/x')
    assert.equal([full.code, full.err.split('\n').length], [73, 2])
  }),
)
function flip(file: string): void {
  if (!statSync(file).isFile()) return
  const bytes = readFileSync(file)
  const at = bytes.indexOf('flip THIS')
  if (at < 0) return
  bytes[at]! ^= 1
  writeFileSync(file, bytes)
}

test(
  'what cannot be imported is named, and the rest goes in',
  onSite(async (site) => {
    await site.little({ away: true })
    await site.run('start')
    const folder = path.join(site.folder, 'in')
    await makeArchive(folder, {
      fine: {},
      done: { to: [{ address: 'a@b', original: 'a@b', state: 'delivered' }] },
      broken: { facts: { damaged: 'a checksum' } },
      stranger: { facts: { format: 'mbox' } },
      loose: { envelope: { sender: 'a@b\r\nX-Evil: 1', smtputf8: 'no' } },
      future: { hours: -24 },
      lonely: {},
      headless: {},
    })
    await unlink(path.join(folder, 'lonely.json'))
    await unlink(path.join(folder, 'headless.eml'))
    writeFileSync(path.join(folder, 'notjson.json'), '{')
    writeFileSync(path.join(folder, 'notjson.eml'), '')
    mkdirSync(path.join(folder, 'aside'))
    const { code, out, err } = await site.run('queue', 'import', 'in')
    assert.is(code, 65)
    assert.equal(out.match(/^\w+/gm)!.sort(), ['fine', 'future'])
    for (const said of [
      /in\/done\.json: recipients: there is nobody left to deliver to/,
      /in\/broken\.json: the message is not whole: a checksum/,
      /in\/stranger\.json: is not an exported message/,
      /in\/loose\.json: envelope\.sender: has control characters; envelope\.smtputf8: /,
      /in\/lonely\.eml: there is no \.json file beside it/,
      /in\/headless\.json: ENOENT/,
      /in\/notjson\.json: .*JSON/,
      /^postern: 2 messages imported$/m,
    ])
      assert.match(err, said)
    for (const m of await rows(site)) assert.ok(m.envelope.created <= Date.now())
    assert.is((await site.run('queue', 'import', 'nowhere')).code, 66)
    assert.equal(await site.run('queue', 'verify'), {
      code: 2,
      out: '',
      err: 'postern: the queue of @postern/cli cannot be verified from outside\n',
    })
    assert.is((await site.run('queue', 'export', '--to', 'in/fine.eml')).code, 73)
  }),
)

test('an export over an older one that breaks off leaves no half message that looks whole', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-archive-'))
  const message = { id: 'A1', envelope: { created: 0 }, recipients: [] } as unknown as Whole['message']
  const pairs = async () => {
    let count = 0
    for await (const pair of readArchive(folder, () => undefined)) count += pair.content.length
    return count
  }
  try {
    const archive = await archiveFor(folder)
    const content = (async function* () {
      yield Buffer.from('Subject: whole\r\n\r\nbody\r\n')
    })()
    await archive.add({ message, bytes: 24, content })
    assert.is(await pairs(), 24)
    const broken = (async function* () {
      yield Buffer.from('Subject: ')
      throw new Error('the daemon has gone')
    })()
    const said = await archive.add({ message, bytes: 24, content: broken }).catch((error: Error) => error.message)
    assert.is(said, 'the daemon has gone')
    assert.is(await pairs(), 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
