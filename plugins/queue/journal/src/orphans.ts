/** Body files against the index: files of nobody go, messages without their file are held. */
import fs from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '@postern/core'
import type { Row } from './row.ts'

export interface OrphanOptions {
  readonly folder: string
  readonly rows: ReadonlyMap<string, Row>
  readonly problems: string[]
  readonly log: Logger
  /** files younger than this (ms since 1970) are left alone */
  readonly before: number
  /** a COMMIT that cannot be read may name a file: move them to `corrupt/` */
  readonly keep: boolean
}
export function sweepBodies(options: OrphanOptions): void {
  const { folder, rows, before, keep, log } = options
  const named = new Set<string>()
  for (const row of rows.values()) if (row.file) named.add(row.file)
  for (const file of fs.readdirSync(join(folder, 'body'))) {
    const path = join(folder, 'body', file)
    if (named.has(file) || fs.statSync(path).mtimeMs >= before) continue
    log.info('queue.orphan', { file, kept: keep })
    if (keep) fs.renameSync(path, join(folder, 'corrupt', file))
    else fs.unlinkSync(path)
  }
  holdMissing(options)
}
/** A message whose body is gone is held and reported: what is left of it is for a person to look at. */
export function holdMissing({
  folder,
  rows,
  problems,
  log,
}: Pick<OrphanOptions, 'folder' | 'rows' | 'problems' | 'log'>): void {
  for (const row of rows.values()) {
    if (!row.file || fs.existsSync(join(folder, 'body', row.file))) continue
    problems.push(`message ${row.id}: body file ${row.file} is missing`)
    log.error('queue.bodyMissing', { message: row.id, file: row.file })
    row.held = { by: 'queue', reason: 'body file is missing', at: Date.now() }
  }
}
