/**
 * The helper's process: the only one that stays root and acts for users. A bare Node: it loads no plugin and nothing of the
 * core. It is given connections one at a time by the process that started it, and ends with that.
 */
import type { Socket } from 'node:net'
import type { FromHelper, ToHelper } from '../pool/protocol.ts'
import { Accounts } from './accounts.ts'
import { serveConnection } from './connection.ts'
import { settle } from './rights.ts'
import type { Settings } from './target.ts'

process.title = 'postern users'
settle()
// a terminal's signals go to the whole group: who started this decides
process.on('SIGINT', () => undefined).on('SIGHUP', () => undefined)

const settings = JSON.parse(process.argv[2] ?? '') as Settings
const say = (message: FromHelper): void => {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined)
}
const desk = { accounts: new Accounts(), settings, group: (pid: number) => say({ kind: 'group', pid }) }
let busy = false

async function serve(socket: Socket): Promise<void> {
  busy = true
  say({ kind: 'taken' })
  // a call that hangs keeps this from being said, and then the process is ended
  const alive = setInterval(() => say({ kind: 'alive' }), settings.deadline / 4)
  try {
    await serveConnection(socket, desk)
  } catch (error) {
    say({ kind: 'refused', cause: (error as Error).message })
  } finally {
    clearInterval(alive)
    busy = false
    if (process.connected) say({ kind: 'idle' })
    else process.exit(0)
  }
}
process.on('message', (message: ToHelper, handle) => {
  if (message.kind === 'serve' && handle) void serve(handle as Socket)
  // nobody is there any more
  else if (message.kind === 'serve') say({ kind: 'idle' })
})
process.on('disconnect', () => {
  if (!busy) process.exit(0)
})
process.on('SIGTERM', () => {
  if (process.connected) process.disconnect()
})
say({ kind: 'idle' })
