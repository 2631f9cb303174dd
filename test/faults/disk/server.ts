/**
 * A disk with a write cache that loses power on demand: `server.ts FOLDER BYTES` mounts FOLDER with the file `disk-0` and the
 * file `control`. Writing a command into `control` is done when the write returns; it comes between two requests of the disk.
 *   cut             the power is gone: the disk fails everything from here on
 *   revive SEED P   the power is back, in the next file, `disk-1`, `disk-2` ...: of what was written since the last sync each sector is
 *                   there with probability P. The file before fails for ever: who still has it (a mount namespace that was made meanwhile
 *                   has a copy of the mount, and keeps the file system alive after its umount) writes nothing into the new life
 *   failing 0|1     writes answer EIO while this is 1; syncs do not
 * Reading `control` gives the counts since the last revive as JSON.
 */
import { random } from '@postern/testkit'
import { EIO, serve } from './fuse.ts'
import type { ServedFile } from './fuse.ts'

const SECTOR = 512
const [folder, bytes] = process.argv.slice(2)
const size = Number(bytes)
/** what the system sees, and what is on the platter */
const seen = Buffer.alloc(size)
const platter = Buffer.alloc(size)
const unsynced: { readonly offset: number; readonly length: number; readonly data: Buffer }[] = []
const counts = { writes: 0, syncs: 0, lost: 0 }
let failing = false

/** The disk from one power cut to the next. */
class Life {
  readonly name: string
  readonly size = size
  readonly direct = false
  /** the power is gone */
  dead = false
  /** it is back, in another life */
  over = false

  constructor(n: number) {
    this.name = `disk-${n}`
  }
  read(offset: number, length: number): Buffer | number {
    return this.over ? EIO : seen.subarray(offset, Math.min(offset + length, size))
  }
  write(offset: number, data: Buffer): number {
    if (this.dead || failing) return EIO
    const copy = Buffer.from(data)
    copy.copy(seen, offset)
    unsynced.push({ offset, length: copy.length, data: copy })
    counts.writes++
    return 0
  }
  sync(): number {
    if (this.dead) return EIO
    for (const w of unsynced.splice(0)) w.data.copy(platter, w.offset)
    counts.syncs++
    return 0
  }
}
let lives = 0
let life = new Life(lives)
function revive(seed: number, probability: number): void {
  const next = random(seed)
  const writes = unsynced.splice(0)
  for (const w of writes) platter.copy(seen, w.offset, w.offset, w.offset + w.length)
  Object.assign(counts, { writes: 0, syncs: 0, lost: 0 })
  for (const w of writes)
    for (let at = 0; at < w.length; at += SECTOR) {
      if (next() >= probability) counts.lost++
      else for (const to of [seen, platter]) w.data.copy(to, w.offset + at, at, at + SECTOR)
    }
  failing = false
  life.dead = life.over = true
  life = new Life(++lives)
  files.push(life)
}
const control = {
  name: 'control',
  size: 4096,
  direct: true,
  read: (offset: number) => Buffer.from(offset > 0 ? '' : JSON.stringify({ ...counts, unsynced: unsynced.length })),
  write(_offset: number, data: Buffer): number {
    const [command, ...values] = data.toString().trim().split(' ')
    if (command === 'cut') life.dead = true
    else if (command === 'revive') revive(Number(values[0]), Number(values[1]))
    else if (command === 'failing') failing = values[0] === '1'
    else return EIO
    return 0
  },
  sync: () => 0,
}
const files: ServedFile[] = [control, life]
serve(folder!, files)
