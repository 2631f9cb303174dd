/** The disk that power cuts are tried on: what it loses must be what a disk would lose. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Disk } from './disk/disk.ts'
import { testWith } from './support/needs.ts'

const machine = testWith('mount', 'fuse', 'loop', 'ext4')
const synced = (path: string) => fs.writeFileSync(path, 'synced', { flush: true })
function syncFolder(path: string): void {
  const fd = fs.openSync(path, 'r')
  fs.fsyncSync(fd)
  fs.closeSync(fd)
}
machine('what was synced is there, what was not is gone', async () => {
  const disk = await Disk.make(16)
  try {
    synced(join(disk.path, 'kept'))
    syncFolder(disk.path)
    fs.writeFileSync(join(disk.path, 'lost'), 'not synced')
    disk.cut()
    disk.revive(1, 0)
    assert.is(fs.readFileSync(join(disk.path, 'kept'), 'utf8'), 'synced')
    assert.not(fs.existsSync(join(disk.path, 'lost')))
  } finally {
    await disk.remove()
  }
})
machine('the old mount is gone before the next one, even where another mount namespace has a copy of it', async () => {
  const disk = await Disk.make(16)
  try {
    synced(join(disk.path, 'kept'))
    syncFolder(disk.path)
    // it says a word when it has its copy
    const other = spawn('unshare', ['--mount', 'sh', '-c', 'echo; exec sleep 2'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(other.stdout, 'data')
    disk.cut()
    disk.revive(1, 0)
    const devices = execFileSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], { encoding: 'utf8' })
    const served = join(disk.path, '..', 'disk')
    assert.is(devices.split('\n').filter((file) => file.startsWith(served)).length, 1, devices)
    assert.is(fs.readFileSync(join(disk.path, 'kept'), 'utf8'), 'synced')
  } finally {
    await disk.remove()
  }
})
test.run()
