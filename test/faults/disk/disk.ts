/** A disk of our own with ext4 on it: cut it, and mount what is left. Needs root, /dev/fuse and a free loop device. */
import fs from 'node:fs'
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sleep, tempFolder, until } from '@postern/testkit'
import type { TempFolder } from '@postern/testkit'

const SERVER = fileURLToPath(new URL('server.ts', import.meta.url))
const MKFS = [
  '-q',
  '-F',
  '-b',
  '4096',
  '-m',
  '0',
  '-J',
  'size=4',
  '-E',
  'lazy_itable_init=0,lazy_journal_init=0,nodiscard',
]

/** ms in which its server starts, on a busy machine */
const STARTS = 60_000
/** of 100 ms each, for the loop device to let go */
const TRIES = 50

export interface DiskCounts {
  readonly writes: number
  readonly syncs: number
  /** sectors that the last cut took */
  readonly lost: number
  /** writes that no sync has followed yet */
  readonly unsynced: number
}

export class Disk {
  /** where it is mounted */
  readonly path: string
  readonly #folder: TempFolder
  readonly #served: string
  readonly #server: ChildProcess
  #loop: string | undefined
  /** the number of its file: power cuts so far */
  #life = 0

  private constructor(folder: TempFolder, server: ChildProcess) {
    this.#folder = folder
    this.#served = join(folder.path, 'disk')
    this.path = join(folder.path, 'mnt')
    this.#server = server
  }

  /** A new disk of so many MiB, formatted and mounted. */
  static async make(mib: number): Promise<Disk> {
    const folder = await tempFolder('postern-disk')
    const served = join(folder.path, 'disk')
    for (const made of [served, join(folder.path, 'mnt')]) fs.mkdirSync(made)
    const args = ['--import', 'tsx', SERVER, served, String(mib * 1024 * 1024)]
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    try {
      const isThere = () => {
        if (server.exitCode !== null) throw new Error(`the disk ended: ${text}`)
        return text.includes('mounted')
      }
      await until('the disk', isThere, STARTS)
      const disk = new Disk(folder, server)
      execFileSync('mkfs.ext4', [...MKFS, disk.#attach()])
      disk.#detach()
      disk.#next(0, 1)
      disk.mount()
      return disk
    } catch (error) {
      server.kill('SIGKILL')
      throw error
    }
  }
  #attach(): string {
    return (this.#loop ??= execFileSync('losetup', ['-f', '--show', join(this.#served, `disk-${this.#life}`)], {
      encoding: 'utf8',
    }).trim())
  }
  #detach(): void {
    if (this.#loop) execFileSync('losetup', ['-d', this.#loop])
    this.#loop = undefined
  }
  #command(text: string): void {
    fs.writeFileSync(join(this.#served, 'control'), text)
  }
  #next(seed: number, probability: number): void {
    this.#command(`revive ${seed} ${probability}`)
    this.#life++
  }
  get counts(): DiskCounts {
    return JSON.parse(fs.readFileSync(join(this.#served, 'control'), 'utf8')) as DiskCounts
  }

  mount(): void {
    execFileSync('mount', ['-t', 'ext4', '-o', 'noatime,errors=remount-ro', this.#attach(), this.path])
  }
  /** Nobody may have a file open. */
  unmount(): void {
    execFileSync('umount', [this.path], { stdio: 'pipe' })
    this.#detach()
  }
  /** From here on nothing reaches the disk. */
  cut(): void {
    this.#command('cut')
  }
  /** After a cut, when nobody has a file open: mounts what is left. `probability`: of each sector that was not synced. */
  revive(seed: number, probability: number): void {
    this.unmount()
    this.#next(seed, probability)
    this.mount()
  }
  /** As ext4 does by itself when it finds its own structures broken. */
  turnReadOnly(): void {
    const name = this.#loop!.replace('/dev/', '')
    fs.writeFileSync(join('/sys/fs/ext4', name, 'trigger_fs_error'), 'test')
  }
  /** Writes answer EIO, syncs do not. */
  set failing(on: boolean) {
    this.#command(`failing ${on ? 1 : 0}`)
  }

  async remove(): Promise<void> {
    quietly(() => this.unmount())
    quietly(() => this.#detach())
    const unmount = (...how: string[]) =>
      quietly(() => execFileSync('umount', [...how, this.#served], { stdio: 'pipe' }))
    // the kernel lets go of the loop device some time after it was asked to, and it is a file in what is unmounted here
    for (let n = 0; n < TRIES && !unmount(); n++) await sleep(100)
    this.#server.kill('SIGKILL')
    // a folder whose server is gone cannot be removed while it is mounted
    unmount('--lazy')
    await this.#folder.remove()
  }
}

/** `false`: it was not mounted, or is held by what a failed test left. */
function quietly(end: () => void): boolean {
  try {
    end()
    return true
  } catch {
    return false
  }
}
