/** The asker's side: what core's NodeOptions call `users`. */
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Call, UserAnswer, UserContent, UserDelivery, UserOutcome, UserRequest } from '@postern/core'
import { outcomeIn, userIn } from './answer.ts'
import { ANSWER, CHUNK, CHUNK_SIZE, Frames, REQUEST, endFrame, headOf, jsonFrame } from './frames.ts'
import { checked } from './request.ts'
import type { Asked } from './request.ts'
import { Turns } from './turns.ts'

/** connections of one worker: there are a few helpers, and a door has room for so many */
const CONNECTIONS = 16
/** those for programs, which helpers run beside each other: they leave room for the others */
const PROGRAMS = 256

/** The socket in a spool folder. */
export const usersSocket = (spool: string): string => path.join(spool, 'users')

/** Nobody knows whether it was delivered: the helper died, hung, or would not do such a thing. */
export class HelperGone extends Error {
  constructor(cause?: unknown) {
    super('the helper for users ended before it had answered', { cause })
    this.name = 'HelperGone'
  }
}
export class UserClient implements UserDelivery {
  readonly #socket: string
  readonly #turns = new Turns(CONNECTIONS)
  readonly #programs = new Turns(PROGRAMS)

  constructor(socket: string) {
    this.#socket = socket
  }
  async find(name: string, call: Call): Promise<UserAnswer> {
    // a name that is longer is nobody's
    if (Buffer.byteLength(name) > 255 || name.includes('\0')) return { kind: 'absent' }
    try {
      return userIn(await this.#ask({ kind: 'find', user: name }, undefined, call))
    } catch (error) {
      return { kind: 'failed', cause: (error as Error).message }
    }
  }
  async deliver(request: UserRequest, content: UserContent, call: Call): Promise<UserOutcome> {
    const answer = await this.#ask(request, content, call)
    try {
      return outcomeIn(answer)
    } catch (error) {
      throw new HelperGone(error)
    }
  }
  async #ask(asked: Asked, content: UserContent | undefined, call: Call): Promise<unknown> {
    checked(JSON.parse(JSON.stringify(asked)))
    const turns = asked.kind === 'command' ? this.#programs : this.#turns
    await turns.take(call.signal)
    try {
      return await this.#connect(asked, content, call)
    } finally {
      turns.give()
    }
  }
  async #connect(asked: Asked, content: UserContent | undefined, call: Call): Promise<unknown> {
    const socket = createConnection({ path: this.#socket, allowHalfOpen: true })
    const abort = () => socket.destroy(call.signal.reason as Error)
    call.signal.addEventListener('abort', abort, { once: true })
    try {
      const answer = answerOn(socket)
      socket.write(jsonFrame(REQUEST, asked))
      if (content) await send(socket, content, answer)
      return await answer.value
    } finally {
      call.signal.removeEventListener('abort', abort)
      socket.destroy()
    }
  }
}

interface Answer {
  /** rejects with HelperGone, or with why the call was aborted */
  readonly value: Promise<unknown>
  /** the answer is there, or will never be */
  readonly over: () => boolean
  /** called once when it is over; `undefined`: nobody any more. One at a time, since there are as many as chunks */
  readonly wake: (waiter: (() => void) | undefined) => void
}
function answerOn(socket: Socket): Answer {
  const frames = new Frames()
  let over = false
  let waiter: (() => void) | undefined
  const value = new Promise((resolve, reject) => {
    socket.on('data', (bytes) => {
      try {
        for (const { type, bytes: answer } of frames.push(bytes))
          if (type === ANSWER) resolve(JSON.parse(answer.toString('utf8')))
      } catch (error) {
        reject(new HelperGone(error))
      }
    })
    socket.on('error', (error) => reject(isOurs(error) ? error : new HelperGone(error)))
    socket.once('end', () => reject(new HelperGone()))
    socket.once('close', () => reject(new HelperGone()))
  })
  const end = () => {
    over = true
    waiter?.()
  }
  value.then(end, end)
  return { value, over: () => over, wake: (next) => (over ? next?.() : (waiter = next)) }
}
/** An abort's reason, not the system's error. */
const isOurs = (error: Error): boolean => (error as NodeJS.ErrnoException).syscall === undefined

/**
 * Sends the content, unless the answer comes first: content that does not go on keeps nobody whose call was aborted or whose
 * helper is gone. Throws what the content throws: then there is no end to it.
 */
async function send(socket: Socket, content: UserContent, answer: Answer): Promise<void> {
  let [crc, length] = [0, 0]
  const source = content.stream()[Symbol.asyncIterator]()
  for (;;) {
    const step = await nextOf(source, answer)
    if (!step) return
    if (step.done) break
    const bytes = step.value
    for (let at = 0; at < bytes.length; at += CHUNK_SIZE) {
      if (answer.over()) return void (await source.return?.())
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(CHUNK_SIZE, bytes.length - at))
      crc = crc32(chunk, crc)
      length += chunk.length
      socket.write(headOf(CHUNK, chunk.length))
      if (!socket.write(chunk)) await roomIn(socket, answer)
    }
  }
  if (content.size !== undefined && content.size !== length)
    throw new Error(`the content has ${length} bytes instead of ${content.size}`)
  if (!answer.over()) socket.write(endFrame(length, crc))
}
type Step = IteratorResult<Uint8Array, unknown>
/** `undefined`: the answer came first. Then the content is closed when it goes on, if ever, and nobody waits for that. */
function nextOf(source: AsyncIterator<Uint8Array>, answer: Answer): Promise<Step | undefined> {
  return new Promise<Step | undefined>((resolve, reject) => {
    source.next().then(resolve, reject)
    answer.wake(() => {
      resolve(undefined)
      source.return?.().catch(() => undefined)
    })
  }).finally(() => answer.wake(undefined))
}
/** Resolves too when there will never be room: the answer says why. */
function roomIn(socket: Socket, answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      socket.off('drain', go).off('close', go)
      answer.wake(undefined)
      resolve()
    }
    socket.on('drain', go).on('close', go)
    answer.wake(go)
  })
}
