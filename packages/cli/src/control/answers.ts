/** What the daemon answers to each request. */
import type { AdminRecord, Node, QueueEntry } from '@postern/core'
import { CommandError, EX } from '../exit.ts'
import type { AdminArguments, Arguments, Listening, Request, Result, ShownMessage, Verb } from './protocol.ts'
import type { Answer } from './server.ts'

export interface Served {
  readonly node: Node
  listening(): readonly Listening[]
  reload(): Promise<void>
  /** resolves when everything has been stopped but the control socket */
  stop(now: boolean): Promise<void>
}
type Handlers = {
  readonly [V in Verb]: (
    served: Served,
    args: Arguments<V>,
    row: (value: unknown) => Promise<void>,
  ) => Promise<Result<V>> | Result<V>
}

const HANDLERS: Handlers = {
  ping: () => ({ pid: process.pid }),
  status: (served) => ({
    ...served.node.status(),
    pid: process.pid,
    spool: served.node.graph.settings.spool,
    listening: served.listening(),
  }),
  stop: async (served, { now }) => {
    await served.stop(now === true)
    return { pid: process.pid }
  },
  reload: async (served) => {
    await served.reload()
    return { configuration: served.node.status().configuration }
  },
  'queue.list': async ({ node }, _args, row) => {
    for await (const entry of node.queue.list()) await row(entry)
    return {}
  },
  'queue.show': ({ node }, { id }) => show(node, id),
  'queue.flush': ({ node }, { id }) => {
    node.flush(id)
    return {}
  },
  'queue.admin': ({ node }, args) => administer(node, args),
  explain: ({ node }, { scenario }) => node.explain(scenario),
  pipeline: ({ node }) => node.pipeline(),
  plugins: ({ node }) => node.plugins(),
}

export const answers =
  (served: Served): Answer =>
  async (request, row) => {
    const handler = Object.hasOwn(HANDLERS, request.verb ?? '') ? HANDLERS[request.verb] : undefined
    if (!handler) throw new CommandError(EX.USAGE, `this daemon does not know "${String((request as Request).verb)}"`)
    return handler(served, (request.arguments ?? {}) as never, row)
  }

async function show(node: Node, id: string): Promise<ShownMessage> {
  const found = await node.queue.load(id)
  if (!found) throw new CommandError(EX.NOINPUT, `there is no message ${id} in the queue`)
  const { header, body, ...rest } = found
  const message: QueueEntry = { ...rest, size: header.length + 2 + body.size }
  return { message, header: Buffer.from(header).toString('utf8') }
}

async function administer(node: Node, args: AdminArguments): Promise<Result<'queue.admin'>> {
  const record: AdminRecord = { action: args.action, who: args.who, why: args.why }
  const done: string[] = []
  const unknown: string[] = []
  for (const id of args.all ? await allIds(node) : args.ids)
    ((await node.administer(id, record)) ? done : unknown).push(id)
  return { done, unknown }
}
async function allIds(node: Node): Promise<string[]> {
  const ids: string[] = []
  for await (const entry of node.queue.list()) ids.push(entry.id)
  return ids
}
