/** A client that goes on where it must wait for our answer (RFC 2920 section 3.1): many that send spam do. */
import type { Connection } from './connection.ts'

/** commands that must be the last of a group */
const LAST: ReadonlySet<string> = new Set(['HELO', 'EHLO', 'LHLO', 'DATA', 'NOOP', 'VRFY'])
/** bytes of what it sent that are told */
const TOLD = 100
const known = new WeakSet<Connection>()

/** Told once a session. */
export function notePipelining(c: Connection, verb: string): void {
  if (!LAST.has(verb) || !c._parser || known.has(c)) return
  const ahead = c._parser.ahead(TOLD)
  if (ahead.length === 0) return
  known.add(c)
  c.log.info('session.pipelining', { session: c.dialogue.view.id, command: verb, ahead: ahead.toString('latin1') })
}
