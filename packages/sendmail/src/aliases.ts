/**
 * newaliases: tables are text that the daemon follows, so there is nothing to build. What is left to do is to say whether the
 * tables are good.
 */
import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import type { NodeStatus } from '@postern/core'
import { connectControl } from './control.ts'
import { EX, Fatal } from './fatal.ts'

/** `file` (-oA): only whether it can be read. Else what the daemon says of its tables; 65 when one is bad. */
export async function newaliases(
  spool: string,
  file: string | undefined,
  say: (text: string) => void,
): Promise<number> {
  if (file !== undefined) return readable(file.replace(/^[a-z]\w*:/i, ''))
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
function readable(file: string): number {
  try {
    accessSync(resolve(file), constants.R_OK)
    return EX.OK
  } catch (error) {
    throw new Fatal(`open ${file}: ${(error as Error).message}`)
  }
}
