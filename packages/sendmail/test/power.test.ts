/**
 * What a power cut leaves of mail that was accepted: the disk is copied as it is when the command has ended, so that what
 * was only in memory is lost. Without the sync in drop.ts all of it is.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDrop } from '@postern/sendmail'
import { missingPrograms } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandSite } from './support/site.ts'

const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: 'utf8' })
function mounts(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'postern-mount-'))
  const image = join(folder, 'image')
  run('truncate', '-s', '16M', image)
  run('mkfs.ext4', '-q', image)
  const able = run('mount', '-o', 'loop', image, folder).status === 0
  if (able) run('umount', folder)
  else process.stdout.write('# skipped: no loop device can be mounted here\n')
  rmSync(folder, { recursive: true })
  return able
}
const root = process.getuid?.() === 0
const able = root && !missingPrograms('mkfs.ext4', 'mount', 'truncate', 'setpriv') && mounts()

;(able ? test : test.skip)('accepted mail survives on ext4, for a user who may not open the folder', async () => {
  const site = new CommandSite()
  const at = (name: string) => join(site.folder, name)
  const [disk, cut] = [at('disk.img'), at('cut.img')]
  run('truncate', '-s', '64M', disk)
  run('mkfs.ext4', '-q', disk)
  mkdirSync(site.spool)
  mkdirSync(at('after'))
  try {
    assert.is(run('mount', '-o', 'loop', disk, site.spool).status, 0)
    const facts = { myhostname: 'h', mailName: 'm', messageSizeLimit: 0, authorizedSubmitUsers: ['static:anyone'] }
    chmodSync(site.spool, 0o711)
    mkdirSync(join(site.spool, 'drop'))
    chmodSync(join(site.spool, 'drop'), 0o3733)
    writeFileSync(join(site.spool, 'drop.json'), JSON.stringify(facts))
    assert.is(run('sync', '-f', site.spool).status, 0)
    for (const size of [10, 100_000, 3_000_000])
      assert.is((await site.run(['box'], { input: `Subject: s\n\n${'x'.repeat(size)}\n` })).exit, 0)
    copyFileSync(disk, cut, constants.COPYFILE_FICLONE)
    assert.is(run('umount', site.spool).status, 0)
    assert.is(run('mount', '-o', 'loop', cut, at('after')).status, 0)
    const names = readdirSync(at('after/drop'))
    const files = names.map((name) => readDrop(readFileSync(join(at('after/drop'), name))))
    assert.is(files.filter((f) => f !== undefined).length, 3, names.join())
  } finally {
    for (const folder of [site.spool, at('after')]) run('umount', folder)
    await site.remove()
  }
})
test.run()
