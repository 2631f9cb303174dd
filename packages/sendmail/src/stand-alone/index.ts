/**
 * -bs: a session of SMTP on standard input and output, as Postfix's stand-alone smtpd has it: no access control (the user is
 * known by the files' owner), and what is accepted goes to the drop folder.
 */
import { writeSync } from 'node:fs'
import { mayHere } from '../enqueue.ts'
import { EX } from '../fatal.ts'
import type { Place } from '../place.ts'
import { currentUser } from '../user.ts'
import { Input } from './input.ts'
import { Session } from './session.ts'
import { settingsOf } from './settings.ts'

/** bytes of a command that count */
const LINE_LIMIT = 2048

/** Runs until QUIT, too many errors or the end of the input. */
export async function standAlone(place: Place): Promise<number> {
  const facts = mayHere(currentUser(), place.spool)
  const settings = await settingsOf(place, facts)
  const input = new Input()
  const session = new Session(place, settings, input, say)
  say(`220 ${settings.banner}`)
  while (!session.over) {
    const line = input.line()
    if (line === undefined) break
    await session.command(line.slice(0, LINE_LIMIT))
  }
  return EX.OK
}

function say(text: string): void {
  const bytes = Buffer.from(`${text}\r\n`, 'latin1')
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at)
}
