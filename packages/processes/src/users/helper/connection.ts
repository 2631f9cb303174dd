/** One connection: a request, its content, one answer. */
import type { Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import type { MailboxOwner, UserAnswer, UserOutcome, UserRequest } from '@postern/core'
import { ANSWER, BadFrame, CHUNK, END, Frames, REQUEST, TURN, headOf, isEnd, jsonFrame } from '../frames.ts'
import type { Frame } from '../frames.ts'
import { requestOf } from '../request.ts'
import type { Turns } from '../turns.ts'
import type { AccountAnswer, Accounts } from './accounts.ts'
import { CommandTarget } from './command.ts'
import type { Group } from './command.ts'
import { Ended } from './faults.ts'
import { MaildirTarget } from './maildir.ts'
import { MboxTarget } from './mbox.ts'
import { objection } from './rights.ts'
import { isSpoolFile } from './spool.ts'
import type { Settings, Target } from './target.ts'

/** ms without a byte after which the asker is taken for dead */
const IDLE = 60_000
/** ms that the rest of an unwanted message is read, so that the answer gets through */
const DRAIN = 5_000
/** content of so many bytes is complete and checked before anything is touched */
const GATHERED = 1024 * 1024

export interface Desk {
  readonly accounts: Pick<Accounts, 'find'>
  readonly settings: Settings
  readonly group: Group
  /** of programs: places for so many */
  readonly programs: Turns
  /** this connection does not keep others from being served beside it */
  stepAside(): void
}
/** Resolves when it is over; `read`: what was read of it already. Rejects with what the other side did wrong: BadFrame or BadRequest, or that it went away. */
export async function serveConnection(socket: Socket, desk: Desk, read?: Buffer): Promise<void> {
  socket.on('error', () => undefined)
  try {
    const frames = framesOf(socket, read)
    const first = await next(frames)
    if (first.type !== REQUEST) throw new BadFrame(`a frame of type ${first.type} instead of a request`)
    const asked = requestOf(first.bytes)
    const answer =
      asked.kind === 'find' ? told(desk.accounts.find(asked.user)) : await deliver(asked, frames, desk, socket)
    await tell(socket, answer)
  } finally {
    socket.destroy()
  }
}
/** The last word. The rest of what comes is read, unwanted. */
export async function tell(socket: Socket, answer: UserAnswer | UserOutcome): Promise<void> {
  socket.end(jsonFrame(ANSWER, answer))
  await drained(socket)
}
async function* framesOf(socket: Socket, read: Buffer | undefined): AsyncGenerator<Frame> {
  const frames = new Frames()
  if (read) yield* frames.push(read)
  const hang = () => socket.destroy()
  // only while it is the other side's turn: a program may take its time
  socket.setTimeout(IDLE, hang)
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    socket.setTimeout(0, hang)
    yield* frames.push(bytes as Buffer)
    socket.setTimeout(IDLE, hang)
  }
}
async function next(frames: Content): Promise<Frame> {
  const { value, done } = await frames.next()
  if (done) throw new BadFrame('the connection ended in the middle')
  return value
}
function drained(socket: Socket): Promise<void> {
  return new Promise((done) => {
    const late = setTimeout(() => socket.destroy(), DRAIN)
    socket.once('close', () => {
      clearTimeout(late)
      done()
    })
    socket.resume()
  })
}
export function told(answer: AccountAnswer): UserAnswer {
  if (answer.kind !== 'found') return answer
  const { name, uid, gid, home, shell } = answer.account
  return { kind: 'found', user: { name, uid, gid, home, shell } }
}

/** Whom to deliver for, or why nobody. */
export function recipientOf(request: UserRequest, desk: Desk): Found | UserOutcome {
  if (request.kind !== 'command' && request.owner) return ownerOf(request.user, request.owner, desk)
  const answer = desk.accounts.find(request.user)
  if (answer.kind === 'absent') return { kind: 'failed', esc: '5.1.1', text: `unknown user: "${request.user}"` }
  if (answer.kind === 'failed')
    return { kind: 'deferred', esc: '4.3.0', text: `temporary lookup failure: ${answer.cause}` }
  const { account } = answer
  const ownSpoolFile = request.kind === 'mbox' && !desk.settings.strict && isSpoolFile(request, account, desk.settings)
  const refused = objection(account, desk.settings.minimumUid, ownSpoolFile)
  if (refused) return refused
  if (!account.home.startsWith('/'))
    return { kind: 'deferred', esc: '4.3.5', text: `user ${account.name} has no home folder` }
  return account
}
/** Ids that the asker names, with no other group and no home. */
function ownerOf(name: string, { uid, gid }: MailboxOwner, desk: Desk): Found | UserOutcome {
  const account = { name, uid, gid, home: '/', shell: '', groups: [gid] }
  return objection(account, desk.settings.minimumUid, false) ?? account
}
async function deliver(request: UserRequest, frames: Content, desk: Desk, socket: Socket): Promise<UserOutcome> {
  const account = recipientOf(request, desk)
  if ('kind' in account) return account
  if (request.kind !== 'command') return receive(targetOf(request, account, desk, socket), frames)
  desk.stepAside()
  await desk.programs.take(NEVER)
  try {
    await present(socket)
    return await receive(targetOf(request, account, desk, socket), frames)
  } finally {
    desk.programs.give()
  }
}
const NEVER = new AbortController().signal
/** All of a small message may have come from somebody who has given up since and will ask again. Rejects then. */
function present(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new BadFrame('nobody waits for it any more'))
    if (socket.destroyed) return gone()
    socket.write(headOf(TURN, 0), (error) => (error ? gone() : resolve()))
  })
}
type Content = AsyncGenerator<Frame>
type Found = Extract<AccountAnswer, { kind: 'found' }>['account']
function targetOf(request: UserRequest, account: Found, desk: Desk, socket: Socket): Target {
  if (request.kind === 'maildir') return new MaildirTarget(request, account)
  const waiting = { stepAside: () => desk.stepAside(), present: () => present(socket) }
  if (request.kind === 'mbox') return new MboxTarget(request, account, desk.settings, waiting)
  return new CommandTarget(request, account, desk.group)
}

async function receive(target: Target, frames: Content): Promise<UserOutcome> {
  try {
    return await received(target, frames)
  } catch (error) {
    await target.abort()
    if (error instanceof Ended) return error.outcome
    throw error
  }
}
async function received(target: Target, frames: Content): Promise<UserOutcome> {
  let [crc, length, waiting] = [0, 0, 0]
  let gathered: Buffer[] = []
  let begun = false
  for (;;) {
    const { type, bytes } = await next(frames)
    if (type === END) {
      if (!isEnd(bytes, length, crc)) throw new BadFrame('the content is not what was sent')
      return target.finish(Buffer.concat(gathered))
    }
    if (type !== CHUNK) throw new BadFrame(`a frame of type ${type} in the content`)
    crc = crc32(bytes, crc)
    length += bytes.length
    waiting += gathered.push(bytes) && bytes.length
    if (waiting < GATHERED) continue
    if (!begun) await target.begin()
    begun = true
    await target.write(Buffer.concat(gathered))
    gathered = []
    waiting = 0
  }
}
