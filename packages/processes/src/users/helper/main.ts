/**
 * The helper's process: the only one that stays root and acts for users. A bare Node: it loads no plugin and nothing of the
 * core. It is given connections by the process that started it, one at a time and others beside what it has aside, and ends
 * with that. In strict mode it passes them on to processes of the same program, each of which is one user.
 */
import type { Socket } from 'node:net'
import type { FromHelper, Passed, ToHelper } from '../pool/protocol.ts'
import { Turns } from '../turns.ts'
import { Accounts } from './accounts.ts'
import { serveConnection } from './connection.ts'
import { Crew, outliveNoise } from './crew.ts'
import { passOn } from './passing.ts'
import { rights, settle } from './rights.ts'
import type { Settings } from './target.ts'

process.title = 'postern users'
settle()
// a terminal's signals go to the whole group: who started this decides
process.on('SIGINT', () => undefined).on('SIGHUP', () => undefined)

const settings = JSON.parse(process.argv[2] ?? '') as Settings
const say = (message: FromHelper): void => {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined)
}
const group = (pid: number, over: boolean) => say({ kind: 'group', pid, over })
const desk = { accounts: new Accounts(), settings, group, programs: new Turns(settings.programs) }
const crew = settings.strict && rights.root ? new Crew(settings, say, changed) : undefined
if (crew) outliveNoise(say)

let inHand = false
let aside = 0
let alive: NodeJS.Timeout | undefined
let told = 0

async function serve(socket: Socket, passed: Passed | undefined): Promise<void> {
  inHand = true
  say({ kind: 'taken' })
  changed()
  let mine = true
  /** It goes on, and does not keep this process from taking others. */
  const stepAside = () => {
    if (!mine) return
    mine = inHand = false
    aside++
    changed()
    idle()
  }
  try {
    const own = { ...desk, stepAside }
    if (crew) await passOn(socket, own, crew)
    else if (passed)
      await serveConnection(socket, { ...own, accounts: known(passed) }, Buffer.from(passed.read, 'base64'))
    else await serveConnection(socket, own)
  } catch (error) {
    say({ kind: 'refused', cause: (error as Error).message })
  } finally {
    if (mine) {
      inHand = false
      changed()
      idle()
    } else {
      aside--
      changed()
    }
  }
}
/** Who passed it on has looked the user up, and had the right to. */
const known = ({ account }: Passed) => ({ find: () => ({ kind: 'found' as const, account }) })

function idle(): void {
  if (process.connected) say({ kind: 'idle' })
  else void leave()
}
/** There is more or less to do. A call that hangs keeps the sign of life from being given, and then the process is ended. */
function changed(): void {
  const now = aside + (crew?.connections ?? 0)
  if (now !== told) say({ kind: 'aside', connections: now })
  told = now
  const working = inHand || now > 0
  if (working) alive ??= setInterval(() => say({ kind: 'alive' }), settings.deadline / 4)
  else {
    clearInterval(alive)
    alive = undefined
    if (!process.connected) void leave()
  }
}
async function leave(): Promise<void> {
  if (inHand || aside > 0) return
  await crew?.close()
  process.exit(0)
}
process.on('message', (message: ToHelper, handle) => {
  if (message.kind === 'serve' && handle) void serve(handle as Socket, message.passed)
  // nobody is there any more
  else if (message.kind === 'serve') say({ kind: 'idle' })
})
process.on('disconnect', () => void leave())
process.on('SIGTERM', () => {
  if (process.connected) process.disconnect()
})
say({ kind: 'idle' })
