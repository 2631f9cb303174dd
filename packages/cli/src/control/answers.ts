/** What the daemon answers to each request, by the door that it came through. */
import { CommandError, EX } from '../exit.ts'
import type { Arguments, PublicRequests, Request, Result, Verb } from './protocol.ts'
import type { Answer, Doors } from './server.ts'
import type { Asked, Served } from './verbs/asked.ts'
import { administer, flush } from './verbs/act.ts'
import { count, list, listPublic, shape, show } from './verbs/look.ts'
import { bring, send } from './verbs/move.ts'

export type { Served } from './verbs/asked.ts'

type Handlers<R extends Record<keyof R, { arguments: object; result: unknown }>> = {
  readonly [V in keyof R]: (asked: Asked, args: R[V]['arguments']) => Promise<R[V]['result']> | R[V]['result']
}
const ping = () => ({ pid: process.pid })

const OWNER: Handlers<{ [V in Verb]: { arguments: Arguments<V>; result: Result<V> } }> = {
  ping,
  status: async ({ served }) => {
    await served.node.checkTables()
    return {
      ...served.node.status(),
      pid: process.pid,
      spool: served.node.graph.settings.spool,
      listening: served.listening(),
    }
  },
  stop: async ({ served }, { now }) => {
    await served.stop(now === true)
    return { pid: process.pid }
  },
  reload: async ({ served }, { workers }) => {
    if (workers !== undefined)
      throw new CommandError(EX.USAGE, 'this daemon is one process: "postern stop", then "postern start --workers"')
    await served.reload()
    return { configuration: served.node.status().configuration }
  },
  'queue.list': list,
  'queue.count': count,
  'queue.shape': shape,
  'queue.show': show,
  'queue.export': send,
  'queue.import': bring,
  'queue.flush': flush,
  'queue.admin': administer,
  explain: ({ served }, { scenario }) => served.node.explain(scenario),
  pipeline: ({ served }) => served.node.pipeline(),
  plugins: ({ served }) => served.node.plugins(),
}
const EVERYBODY: Handlers<PublicRequests> = {
  ping,
  'queue.list': listPublic,
  'queue.flush': flush,
}

export const answers = (served: Served): Doors => ({
  owner: door(served, OWNER),
  everybody: discreet(served, door(served, EVERYBODY)),
})

const door =
  (served: Served, handlers: object): Answer =>
  async (request, row, signal) => {
    const verb = String((request as Partial<Request> | null)?.verb)
    const handler = Object.hasOwn(handlers, verb)
      ? (handlers as Record<string, (asked: Asked, args: object) => unknown>)[verb]
      : undefined
    if (!handler) throw new CommandError(EX.USAGE, `this daemon does not know "${verb}" here`)
    try {
      return await handler({ served, row, signal }, request.arguments ?? {})
    } catch (error) {
      const { state } = served.node.status()
      if (error instanceof CommandError || state === 'running' || verb === 'stop') throw error
      // what is under the request goes away with the store
      throw new CommandError(EX.UNAVAILABLE, `the daemon is ${state}: what it said is not complete`)
    }
  }

/** What goes wrong inside is for the owner's log. */
const discreet =
  (served: Served, answer: Answer): Answer =>
  async (request, row, signal) => {
    try {
      return await answer(request, row, signal)
    } catch (error) {
      if (error instanceof CommandError) throw error
      if (!signal.aborted) served.node.log.error('control.failed', { cause: String(error) })
      throw new CommandError(EX.SOFTWARE, 'the daemon could not answer; its log says why')
    }
  }
