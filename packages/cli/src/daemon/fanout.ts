/** What a primary answers: questions about the queue go to all workers and become one answer, the others go to one. */
import type { Json } from '@postern/core'
import { WorkerGone, WorkerRefused, merge } from '@postern/processes'
import type { Answering, Supervisor, WorkerProcess } from '@postern/processes'
import type { Answer, Doors } from '../control/server.ts'
import type { ShapeRow } from '../queue/shape.ts'
import { Shape } from '../queue/shape.ts'
import { CommandError, EX } from '../exit.ts'
import { statusOf } from './status.ts'
import { together } from './together.ts'

export interface ServedWorkers {
  readonly supervisor: Supervisor
  readonly spool: string
  state(): 'running' | 'draining'
  reload(workers: number | undefined): Promise<{ readonly configuration: string; readonly replaced?: number }>
  stop(now: boolean): Promise<void>
}
interface Asked {
  readonly workers: readonly WorkerProcess[]
  readonly args: Record<string, Json>
  /** asks one of them */
  ask(worker: WorkerProcess): Answering
  row(value: unknown): Promise<void>
}
type Way = (asked: Asked) => Promise<Json>

const idOf = (row: Json): string => String((row as { id?: string } | null)?.id ?? '')

/** Rows in the order of their ids; a message that one worker knows is not missed because the others do not. */
const all: Way = async ({ workers, ask, row }) => {
  const asked = workers.map(ask)
  for await (const value of merge(asked, idOf)) await row(value)
  return oneOf(asked)
}
/** As many rows as one worker would have told. */
const listed: Way = async ({ workers, args, ask, row }) => {
  const limit = typeof args.limit === 'number' ? args.limit : Infinity
  const asked = workers.map(ask)
  let n = 0
  for await (const value of merge(asked, idOf)) {
    if (n++ >= limit) return { more: true }
    await row(value)
  }
  return oneOf(asked)
}
/** One worker after the other: what they tell must not mix. */
const inTurn: Way = async ({ workers, ask, row }) => {
  const asked: Answering[] = []
  for (const worker of workers) {
    const answering = ask(worker)
    asked.push(answering)
    for await (const value of answering) await row(value)
  }
  return oneOf(asked)
}
const shapes: Way = async ({ workers, ask, row }) => {
  const shape = new Shape(0)
  const asked = workers.map(ask)
  for (const answering of asked) for await (const value of answering) shape.add(value as unknown as ShapeRow)
  for (const value of shape.rows()) await row(value)
  return oneOf(asked)
}
const first: Way = ({ workers, ask }) => ask(workers[0]!).result
let next = 0
const anyone: Way = ({ workers, ask }) => ask(workers[next++ % workers.length]!).result

const WAYS: Readonly<Record<string, Way>> = {
  'queue.list': listed,
  'queue.shape': shapes,
  'queue.export': inTurn,
  'queue.import': anyone,
  explain: first,
  pipeline: first,
  plugins: first,
}

async function oneOf(asked: readonly Answering[]): Promise<Json> {
  const answers = await Promise.allSettled(asked.map((a) => a.result))
  const failures = answers.flatMap((a) => (a.status === 'rejected' ? [a.reason as Error] : []))
  const serious = failures.find((error) => !isUnknown(error))
  if (serious) throw serious
  const results = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
  if (results.length === 0) throw failures[0]!
  return together(results)
}
const isUnknown = (error: Error): boolean => error instanceof WorkerRefused && error.why.exit === EX.NOINPUT

/** Both doors as of a daemon of one process: what may be asked at which is decided by the workers. */
export const answersOfAll = (served: ServedWorkers): Doors => ({
  owner: async (request, row, signal) => {
    const args = (request.arguments ?? {}) as Record<string, unknown>
    switch (request.verb) {
      case 'ping':
        return { pid: process.pid }
      case 'status':
        return statusOf(served)
      case 'stop':
        await served.stop(args.now === true)
        return { pid: process.pid }
      case 'reload':
        return served.reload(args.workers as number | undefined)
      default:
        return atDoor(served, 'owner')(request, row, signal)
    }
  },
  everybody: (request, row, signal) =>
    (request as { verb: string }).verb === 'ping'
      ? Promise.resolve({ pid: process.pid })
      : atDoor(served, 'everybody')(request, row, signal),
})

const atDoor =
  (served: ServedWorkers, door: keyof Doors): Answer =>
  async (request, row, signal) => {
    const verb = String((request as Partial<typeof request> | null)?.verb)
    const args = (request.arguments ?? {}) as unknown as Record<string, Json>
    const workers = [...served.supervisor.workers]
    if (workers.length === 0) throw nobody()
    const ask = (worker: WorkerProcess): Answering => {
      const answering = worker.ask(`${door} ${verb}`, args)
      signal.addEventListener('abort', () => answering.cancel(), { once: true })
      return answering
    }
    const way = Object.hasOwn(WAYS, verb) ? WAYS[verb]! : all
    return way({ workers, args, ask, row }).catch((error: unknown) => {
      if (!(error instanceof WorkerGone)) throw error
      throw new CommandError(EX.UNAVAILABLE, `a worker ended before it had answered: what was said is not complete`)
    })
  }
export const nobody = (): CommandError =>
  new CommandError(EX.UNAVAILABLE, 'no worker runs now; the log says why, and another one is being started')
