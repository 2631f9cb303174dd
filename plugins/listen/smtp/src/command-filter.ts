/** Command lines that are read as others (Postfix's smtpd_command_filter). */
import { ownCall } from '@postern/core'
import type { Clock, Logger, Lookup, Table } from '@postern/core'
import type { Connection } from './connection.ts'
import { LOCAL_ERROR } from './replies.ts'
import type { Pending } from './transaction.ts'

/** ms: a table that takes longer has failed */
const PATIENCE = 30_000

/** What is read instead of a line: the line itself where the table has none, `undefined` when the table failed. */
export type CommandFilter = (line: string) => string | undefined | Promise<string | undefined>

export function commandFilter(table: Table, clock: Clock, log: Logger): CommandFilter {
  return (line) => {
    const { call, done } = ownCall(clock, log, PATIENCE)
    const answer = (found: Lookup): string | undefined => {
      done()
      if (found.kind === 'failed') log.warn('command.filter', { table: table.name, cause: found.cause })
      if (found.kind === 'absent') return line
      return found.kind === 'found' ? found.value : undefined
    }
    const found = table.get(line.replace(/^[ \t]+/, ''), call)
    return found instanceof Promise ? found.then(answer) : answer(found)
  }
}

/** Goes on with what is read instead of `line`; a failed table ends the session. */
export function filtered(
  c: Connection,
  line: string | undefined,
  then: (line: string | undefined) => Pending,
): Pending {
  const { commandFilter } = c.settings
  if (commandFilter === undefined || line === undefined) return then(line)
  const go = (read: string | undefined): Pending => (read === undefined ? c.refuse('command', LOCAL_ERROR) : then(read))
  const read = commandFilter(line)
  return read instanceof Promise ? read.then(go) : go(read)
}
