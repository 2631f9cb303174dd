/** Body files against the index: files of nobody go, messages without their file are held. */
import { access, opendir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '@postern/core'
import type { Rows } from './rows.ts'

export interface OrphanOptions {
  readonly folder: string
  readonly rows: Rows
  readonly problems: string[]
  readonly log: Logger
  /** files younger than this (ms since 1970) are left alone */
  readonly before: number
  /** a COMMIT that cannot be read may name a file: move them to `corrupt/` */
  readonly keep: boolean
  /** a message without its file */
  missing(slot: number): void
}
export async function sweepBodies(options: OrphanOptions): Promise<void> {
  const { folder, rows, before, keep, log } = options
  const named = new Set<string>()
  for (const { file } of rows.extras.values()) if (file) named.add(file)
  for await (const { name } of await opendir(join(folder, 'body'))) {
    const path = join(folder, 'body', name)
    if (named.has(name)) continue
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
    if (mtimeMs >= before) continue
    log.info('queue.orphan', { file: name, kept: keep })
    if (keep) await rename(path, join(folder, 'corrupt', name))
    else await unlink(path)
  }
  await findMissing(options)
}
/** A message whose body is gone is held and reported: what is left of it is for a person to look at. */
export async function findMissing(
  options: Pick<OrphanOptions, 'folder' | 'rows' | 'problems' | 'log' | 'missing'>,
): Promise<void> {
  const { folder, rows, problems, log, missing } = options
  for (const [slot, { file }] of [...rows.extras]) {
    if (!file) continue
    const id = rows.id(slot)
    const there = await access(join(folder, 'body', file)).then(
      () => true,
      () => false,
    )
    // it may have ended meanwhile
    if (there || rows.extras.get(slot)?.file !== file) continue
    problems.push(`message ${id}: body file ${file} is missing`)
    log.error('queue.bodyMissing', { message: id, file })
    missing(slot)
  }
}
