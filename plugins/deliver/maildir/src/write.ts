/** One message into one maildir: written in tmp, synced, renamed into new, and that synced. */
import * as fs from 'node:fs'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Content } from './content.ts'
import { doing } from './faults.ts'
import { NEW_FILE, close, fchown, fsync, inside, open, rename, unlink } from './files.ts'
import type { Maildir } from './maildir.ts'
import { needsChown } from './owner.ts'
import type { Owner } from './owner.ts'

/** As the maildir specification has it: slash and colon would end the name. */
export const hostPart = (host: string): string => host.replaceAll('/', '\\057').replaceAll(':', '\\072')

const HOST = hostPart(hostname())
// the process id alone comes back after a restart within the same second, and worker threads share it
const TAG = `P${process.pid}R${randomBytes(4).toString('hex')}`
let count = 0

export interface Delivery {
  readonly maildir: Maildir
  readonly owner: Owner | undefined
  readonly above: Uint8Array
  readonly content: Content
  readonly syncFolder: boolean
}

/** Resolves when the message is in `new`, durably if `syncFolder`; otherwise nothing of it is left. */
export async function write(d: Delivery): Promise<void> {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
  const [seconds, rest] = [Math.floor(micros / 1e6), micros % 1e6]
  const name = `${seconds}.${TAG}Q${++count}.${HOST}`
  const path = join(d.maildir.tmp.path, name)
  const tmp = inside(d.maildir.tmp, name)
  const fd = await doing(`create maildir file ${path}`, open(tmp, NEW_FILE, 0o600))
  let target: string
  try {
    if (needsChown(d.owner)) await doing(`chown ${path}`, fchown(fd, d.owner.uid, d.owner.gid))
    await d.content.write(fd, d.above)
    await doing('error writing message', fsync(fd))
    const s = fs.fstatSync(fd, { bigint: true })
    const final = `${seconds}.V${s.dev.toString(16)}I${s.ino.toString(16)}M${rest}.${HOST}`
    target = inside(d.maildir.fresh, final)
    // not link and unlink: no other file that exists has this device and inode, so there is none to overwrite
    await doing(`create maildir file ${join(d.maildir.fresh.path, final)}`, rename(tmp, target))
  } catch (error) {
    await unlink(tmp).catch(() => undefined)
    throw error
  } finally {
    close(fd)
  }
  if (d.syncFolder) await syncOrTakeBack(d.maildir, target)
}

/** The mail will be delivered again; a reader who was quick has it twice, which is better than not at all. */
async function syncOrTakeBack(maildir: Maildir, target: string): Promise<void> {
  try {
    await maildir.sync()
  } catch (error) {
    await unlink(target).catch(() => undefined)
    throw error
  }
}
