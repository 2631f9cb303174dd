/** Parts: one folder for each process that writes. Found or made, locked by one owner, handed on when nobody owns them. */
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { PosternError } from '@postern/core'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** what is left of a part that was emptied */
const DRAINED = '.drained'

export interface OwnedPart {
  readonly folder: string
  /** 32 hexadecimal digits */
  readonly uuid: string
  unlock(): void
}
/** Which of the processes that share the queue this is. */
export interface Worker {
  readonly index: number
  readonly count: number
  /** a primary sees to it that no two daemons share the spool */
  readonly supervised?: boolean
}

/** Names of the parts under `path`. */
export function partsIn(path: string): string[] {
  try {
    return fs.readdirSync(join(path, 'parts')).filter((name) => UUID.test(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
/** 32 hexadecimal digits */
export const uuidOf = (name: string): string => name.replaceAll('-', '')

/**
 * The part that this worker writes, locked until `unlock` or the process's death: its own of the last time, else one that
 * is no worker's any more, else a new one. Refuses when another process has it, unless a primary vouches for that one.
 */
export function claimPart(path: string, { index, count, supervised }: Worker): OwnedPart {
  return behindGate(path, (parts) => {
    removeDrained(parts)
    const names = partsIn(path)
    for (const name of names) {
      if (workerOf(join(parts, name)) !== index) continue
      if (!supervised) return own(parts, name)
      // it may still be an old generation's, which finishes what it has begun there: then another one
      const mine = tryOwn(parts, name)
      if (mine) return mine
    }
    for (const name of names) {
      const free = ownedByNobody(workerOf(join(parts, name)), count) && tryOwn(parts, name)
      if (free) return claimed(free, index)
    }
    return claimed(own(parts, newName(names)), index)
  })
}
function claimed(part: OwnedPart, index: number): OwnedPart {
  fs.writeFileSync(join(part.folder, 'worker'), `${index}\n`, { flush: true })
  syncFolder(part.folder)
  return part
}
const ownedByNobody = (worker: number | undefined, count: number) => worker === undefined || worker >= count

/**
 * Parts that are no worker's, locked for us: what is in them is to be delivered. `lonely`: parts of workers that were not
 * locked at the last look; is it still so, they are adopted too. Gives those of this look.
 */
export function adoptParts(
  path: string,
  { count }: Worker,
  lonely: ReadonlySet<string>,
): { adopted: OwnedPart[]; lonely: Set<string> } {
  const locked = lockedInodes()
  const unlocked = partsIn(path).filter((name) => !locked.has(inodeOf(join(path, 'parts', name, 'lock'))))
  const orphans = (name: string) => ownedByNobody(workerOf(join(path, 'parts', name)), count) || lonely.has(name)
  if (!unlocked.some(orphans)) return { adopted: [], lonely: new Set(unlocked) }
  return behindGate(path, (parts) => {
    const adopted: OwnedPart[] = []
    for (const name of unlocked.filter(orphans)) {
      const part = tryOwn(parts, name)
      if (!part) continue
      // its worker, should it come back, takes another one
      fs.rmSync(join(part.folder, 'worker'), { force: true })
      adopted.push(part)
    }
    return { adopted, lonely: new Set(unlocked) }
  })
}
/** An empty part goes; what was damaged in it stays for a person to look at. `false`: it stays. */
export function removePart(part: OwnedPart): boolean {
  if (fs.readdirSync(join(part.folder, 'corrupt')).length > 0 || fs.readdirSync(join(part.folder, 'body')).length > 0)
    return false
  fs.renameSync(part.folder, part.folder + DRAINED)
  syncFolder(join(part.folder, '..'))
  part.unlock()
  fs.rmSync(part.folder + DRAINED, { recursive: true, force: true })
  return true
}
function removeDrained(parts: string): void {
  for (const name of fs.readdirSync(parts))
    if (name.endsWith(DRAINED)) fs.rmSync(join(parts, name), { recursive: true, force: true })
}

/** Two starts on an empty folder must not make two parts. */
function behindGate<T>(path: string, what: (parts: string) => T): T {
  const parts = join(path, 'parts')
  fs.mkdirSync(parts, { recursive: true, mode: 0o700 })
  const gate = fs.openSync(parts, 'r')
  try {
    lock(gate, ['-w', '5', '-x'], parts)
    return what(parts)
  } finally {
    fs.closeSync(gate)
  }
}
/** The first 12 bits stand in the messages' ids: they are another part's nowhere. */
function newName(names: readonly string[]): string {
  const used = new Set(names.map((name) => name.slice(0, 3)))
  if (used.size >= 4096) throw new PosternError('PN_STORE', 'there are 4096 parts: no more can be made')
  for (;;) {
    const name = randomUUID()
    if (!used.has(name.slice(0, 3))) return name
  }
}
function workerOf(folder: string): number | undefined {
  try {
    const text = fs.readFileSync(join(folder, 'worker'), 'utf8').trim()
    return /^\d+$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}
function own(parts: string, name: string): OwnedPart {
  const folder = join(parts, name)
  for (const sub of ['seg', 'body', 'ckpt', 'corrupt'])
    fs.mkdirSync(join(folder, sub), { recursive: true, mode: 0o700 })
  const fd = fs.openSync(join(folder, 'lock'), 'a', 0o600)
  try {
    lock(fd, ['-n', '-x'], join(folder, 'lock'))
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
  for (const made of [folder, parts, join(parts, '..')]) syncFolder(made)
  return { folder, uuid: uuidOf(name), unlock: () => fs.closeSync(fd) }
}
function tryOwn(parts: string, name: string): OwnedPart | undefined {
  try {
    return own(parts, name)
  } catch (error) {
    if (error instanceof LockedError) return undefined
    throw error
  }
}
function syncFolder(path: string): void {
  const fd = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
/** Inodes of locked files, as the kernel tells; those of other containers may be missing. No process need be started for it. */
function lockedInodes(): Set<number> {
  try {
    const lines = fs.readFileSync('/proc/locks', 'utf8').split('\n')
    return new Set(lines.flatMap((line) => (/FLOCK .*:(\d+) /.exec(line)?.[1] ?? '').match(/\d+/g) ?? []).map(Number))
  } catch {
    return new Set()
  }
}
const inodeOf = (path: string): number => fs.statSync(path, { throwIfNoEntry: false })?.ino ?? -1

class LockedError extends PosternError {}
/** Node has no flock: util-linux's locks our open file for us, and the lock lives as long as our descriptor. */
function lock(fd: number, how: readonly string[], what: string): void {
  const run = spawnSync('flock', [...how, '3'], { stdio: ['ignore', 'ignore', 'pipe', fd], encoding: 'utf8' })
  if ((run.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    throw new PosternError(
      'PN_STORE',
      'the command flock (package util-linux) is needed to lock the queue, and is not installed',
    )
  if (run.error) throw new PosternError('PN_STORE', `flock could not be run: ${run.error.message}`)
  if (run.status === 1)
    throw new LockedError(
      'PN_STORE',
      `${what} is locked: another process owns this queue; stop it, or use another spool`,
    )
  if (run.status !== 0) throw new PosternError('PN_STORE', `flock failed on ${what}: ${run.stderr.trim()}`)
}
