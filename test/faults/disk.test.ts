/** The disk of the power cuts itself: what a cut took does not come back, and what was synced stays, whoever holds an old life of it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '@postern/testkit'
import { Disk } from './disk/disk.ts'
import { testWith } from './support/needs.ts'

const MIB = 16
/** ms after which ext4 commits by itself (5 s) and a loop device has been let go */
const LATER = 7000

function durably(path: string, text: string): void {
  fs.writeFileSync(path, text, { flush: true })
  const folder = fs.openSync(join(path, '..'), 'r')
  fs.fsyncSync(folder)
  fs.closeSync(folder)
}

testWith(
  'mount',
  'fuse',
  'loop',
  'ext4',
  'unshare',
)('a mount namespace keeps the file system of an old life', async () => {
  const disk = await Disk.make(MIB)
  // it has a copy of the mount: unmounted here, the file system lives on there
  let holder = undefined as ReturnType<typeof spawn> | undefined
  try {
    durably(join(disk.path, 'before'), 'synced')
    holder = spawn('unshare', ['-m', 'sleep', '60'], { stdio: 'ignore' })
    await sleep(500)
    for (let n = 0; n < 50; n++) fs.writeFileSync(join(disk.path, `taken${n}`), 'not synced')
    disk.cut()
    disk.revive(1, 0)
    assert.equal(
      fs.readdirSync(disk.path).filter((name) => name.startsWith('taken')),
      [],
    )
    for (let n = 0; n < 50; n++) durably(join(disk.path, `kept${n}`), `synced ${n}`)
    await sleep(LATER)
    const ended = once(holder, 'exit')
    holder.kill()
    await ended
    await sleep(500)
    disk.cut()
    disk.revive(2, 0)
    const names = fs.readdirSync(disk.path)
    assert.equal(
      names.filter((name) => name.startsWith('taken')),
      [],
    )
    assert.is(names.filter((name) => name.startsWith('kept')).length, 50)
    for (let n = 0; n < 50; n++) assert.is(fs.readFileSync(join(disk.path, `kept${n}`), 'utf8'), `synced ${n}`)
  } finally {
    holder?.kill()
    await disk.remove()
  }
})
test.run()
