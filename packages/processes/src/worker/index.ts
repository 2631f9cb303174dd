/** The worker's side: what core's NodeOptions need, and the words between a worker and its primary. */
import type { Json, Level, Shared, SocketSource } from '@postern/core'
import { WORKER } from '../protocol.ts'
import type { Told } from '../protocol.ts'
import { Answering } from './answering.ts'
import type { AnswerPrimary } from './answering.ts'
import { parentChannel } from './channel.ts'
import { RemoteShared } from './shared.ts'
import { RemoteSockets } from './sockets.ts'

export type { AnswerPrimary } from './answering.ts'

/** A worker's view of its primary. */
export interface Primary {
  readonly worker: { readonly index: number; readonly count: number }
  readonly shared: Shared
  readonly sockets: SocketSource
  /** The configuration checks; resolves when the primary says that the node may start. */
  built(facts: Json): Promise<void>
  ready(facts: Json): void
  /** Resolves when the primary has heard it. */
  failed(why: Told): Promise<void>
  /** From now on questions of the primary are answered. */
  serve(answer: AnswerPrimary, toldOf: (error: unknown) => Told): void
  onLog(fn: (level: Level, event: string, fields: Json) => void): void
  /** The primary has ended. */
  onGone(fn: () => void): void
}

/** `local` counts while the primary cannot. Throws where this process is no primary's worker. */
export function joinPrimary(local: Shared): Primary {
  const place = /^(\d+)\/(\d+)$/.exec(process.env[WORKER] ?? '')
  if (!place || !process.send) throw new Error('a worker is started by its primary, not by hand')
  const channel = parentChannel
  return {
    worker: { index: Number(place[1]), count: Number(place[2]) },
    shared: new RemoteShared(channel, local),
    sockets: new RemoteSockets(channel),
    built: (facts) =>
      new Promise((resolve) => {
        channel.on((message) => {
          if (message.kind === 'begin') resolve()
        })
        channel.send({ kind: 'built', facts })
      }),
    ready: (facts) => channel.send({ kind: 'ready', facts }),
    failed: (why) =>
      new Promise((heard) => {
        if (process.connected) process.send!({ kind: 'failed', why }, undefined, undefined, () => heard())
        else heard()
      }),
    serve: (answer, toldOf) => void new Answering(channel, answer, toldOf),
    onLog: (fn) =>
      channel.on((message) => {
        if (message.kind === 'log') fn(message.level, message.event, message.fields)
      }),
    onGone: (fn) => channel.onGone(fn),
  }
}
