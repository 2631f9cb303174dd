/** Strict mode's door: the request of a connection is read and answered, or passed on to a process of its user. */
import type { Socket } from 'node:net'
import { recipientOf, tell, told } from './connection.ts'
import type { Desk } from './connection.ts'
import type { Crew } from './crew.ts'
import { openingOf, readAgain } from './hand-over.ts'
import { spoolGroupOf } from './spool.ts'

/** Resolves when it is answered or another's. Rejects with what the other side did wrong. */
export async function passOn(socket: Socket, desk: Desk, crew: Crew): Promise<void> {
  desk.stepAside()
  socket.on('error', () => undefined)
  try {
    const { asked, read } = await openingOf(socket)
    const known = asked.kind === 'find' ? told(desk.accounts.find(asked.user)) : recipientOf(asked, desk)
    if ('kind' in known) {
      readAgain(socket)
      return await tell(socket, known)
    }
    const gid = (asked.kind === 'mbox' && spoolGroupOf(asked, known, desk.settings)) || known.gid
    crew.give(socket, { ...known, gid }, read)
  } catch (error) {
    socket.destroy()
    throw error
  }
}
