/** The part's folder: found or made, and locked by one owner. */
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { PosternError } from '@postern/core'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The one part under `path`; `undefined` when there is none. */
export function findPart(path: string): string | undefined {
  let names: string[]
  try {
    names = fs.readdirSync(join(path, 'parts')).filter((name) => UUID.test(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  if (names.length > 1)
    throw new PosternError(
      'PN_STORE',
      `${join(path, 'parts')} holds ${names.length} parts; one is all this version can own`,
    )
  return names[0]
}
export interface OwnedPart {
  readonly folder: string
  /** 32 hexadecimal digits */
  readonly uuid: string
  unlock(): void
}
/** Makes the part if there is none, and locks it until `unlock` or the process's death. */
export function ownPart(path: string): OwnedPart {
  const parts = join(path, 'parts')
  fs.mkdirSync(parts, { recursive: true, mode: 0o700 })
  // two starts on an empty folder must not make two parts
  const gate = fs.openSync(parts, 'r')
  try {
    lock(gate, ['-w', '5', '-x'], parts)
    const name = findPart(path) ?? randomUUID()
    const folder = join(parts, name)
    for (const sub of ['seg', 'body', 'corrupt']) fs.mkdirSync(join(folder, sub), { recursive: true, mode: 0o700 })
    const fd = fs.openSync(join(folder, 'lock'), 'a', 0o600)
    try {
      lock(fd, ['-n', '-x'], join(folder, 'lock'))
    } catch (error) {
      fs.closeSync(fd)
      throw error
    }
    for (const made of [folder, parts, path]) syncFolder(made)
    return { folder, uuid: name.replaceAll('-', ''), unlock: () => fs.closeSync(fd) }
  } finally {
    fs.closeSync(gate)
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
    throw new PosternError(
      'PN_STORE',
      `${what} is locked: another process owns this queue; stop it, or use another spool`,
    )
  if (run.status !== 0) throw new PosternError('PN_STORE', `flock failed on ${what}: ${run.stderr.trim()}`)
}
