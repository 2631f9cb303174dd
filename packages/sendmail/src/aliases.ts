/**
 * newaliases: tables are text that the daemon follows, and one that is large is indexed by itself, so there is nothing that must be
 * built. What is left to do is to say whether the tables are good; one that is named is built all the same, by postalias.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { join, dirname, resolve } from 'node:path'
import type { NodeStatus } from '@postern/core'
import { connectControl } from './control.ts'
import { EX, Fatal } from './fatal.ts'
import type { Place } from './place.ts'
import { parametersOf } from './postfix.ts'

/** What the daemon says of its tables: 65 when one is bad. Of a Postfix folder, what postalias says of its alias_database. */
export async function newaliases(
  { spool, postfix }: Place,
  config: string | undefined,
  say: (text: string) => void,
): Promise<number> {
  if (postfix !== undefined) return built((await parametersOf(postfix)).list('alias_database'), config)
  const daemon = await connectControl(spool, '').catch(() => undefined)
  // the next start reads them; who may not ask has no table of this system to look after
  if (!daemon) return EX.OK
  try {
    const status = (await daemon.ask('status')) as Pick<NodeStatus, 'tables'>
    const bad = status.tables.filter((t) => t.problem !== undefined)
    for (const t of bad) say(`warning: ${t.name}: ${t.problem}`)
    return bad.length > 0 ? EX.DATAERR : EX.OK
  } catch (error) {
    // everybody's socket does not tell the status
    if (error instanceof Fatal) return EX.OK
    throw error
  } finally {
    daemon.close()
  }
}
/** What postalias says of each, where that is installed, else whether it can be read: the first exit code that is not 0. */
export function built(files: readonly string[], config: string | undefined): number {
  const codes = files.map((file) => postalias(file, config) ?? readable(file.replace(/^[a-z]\w*:/i, '')))
  return codes.find((code) => code !== EX.OK) ?? EX.OK
}
/** Postern's own: one that is found by the PATH may be Postfix's. `undefined`: it is not installed. */
function postalias(file: string, config: string | undefined): number | undefined {
  let program: string
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('@postern/postmap/package.json'))
    program = join(folder, 'bin/postalias.js')
  } catch {
    return undefined
  }
  const args = [program, ...(config === undefined ? [] : ['-c', config]), '--', file]
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (error) throw new Fatal(`execute postalias: ${error.message}`, EX.UNAVAILABLE)
  return status ?? EX.SOFTWARE
}
function readable(file: string): number {
  try {
    accessSync(resolve(file), constants.R_OK)
    return EX.OK
  } catch (error) {
    throw new Fatal(`open ${file}: ${(error as Error).message}`)
  }
}
