/** A worker's process: a whole node, its sockets and what is shared from the primary that started it. */
import { LocalShared, PosternError, createNode, silentSink, systemClock } from '@postern/core'
import type { Json, LoadedConfig } from '@postern/core'
import { UserClient, joinPrimary, usersSocket } from '@postern/processes'
import type { AnswerPrimary } from '@postern/processes'
import { bundledFrom, findConfig } from '../config.ts'
import type { Found } from '../config.ts'
import { answers } from '../control/answers.ts'
import type { Request } from '../control/protocol.ts'
import { toJson } from '../control/protocol.ts'
import { CommandError, EX } from '../exit.ts'
import { remoteErrorOf } from './errors.ts'
import { greetingLines, greetingOf } from './greeting.ts'
import { DaemonLog } from './log.ts'
import { userIn, workersIn } from './plan-of.ts'
import { ServedNode } from './served.ts'
import { watchStrays } from './signals.ts'
import { helpersOf } from './users.ts'

const primary = joinPrimary(new LocalShared(systemClock))
const worker = { ...primary.worker, supervised: true }
const shared = { worker, shared: primary.shared, sockets: primary.sockets, resolveFrom: bundledFrom() }

const sharesOf = ({ spool }: Found) => ({ ...shared, users: new UserClient(usersSocket(spool)) })

async function run(): Promise<void> {
  process.title = `postern worker ${primary.worker.index}`
  const found = await findConfig(process.argv[2])
  const user = userIn(found.loaded)
  if (user !== undefined && process.getuid?.() === 0)
    throw new CommandError(
      EX.CONFIG,
      `the configuration names the user ${user}, and the daemon was started to run as root`,
    )
  const log = new DaemonLog()
  const node = await createNode(found.loaded, { ...sharesOf(found), log })
  log.follow(node)
  const served = new ServedNode(node, log, found.loaded)
  watchStrays(
    () => node.log,
    () => undefined,
  )
  primary.onLog((level, event, fields) => node.log[level](event, fields as object))
  primary.serve(verbs(served, found), remoteErrorOf)
  watchEnds(served)
  await primary.built({ spool: found.spool })
  if (!(await served.start())) throw new PosternError('PN_STOPPING')
  primary.ready(primary.worker.index === 0 ? await greeting(served) : null)
  await served.ended
}

async function greeting(served: ServedNode): Promise<Json> {
  const greeting = { ...(await greetingOf(served.node, served.listening())), pid: process.ppid }
  return plain({ greeting, lines: greetingLines(greeting) })
}

/** A terminal's signals go to the whole group: the primary decides. One that is meant for this process ends it gracefully. */
function watchEnds(served: ServedNode): void {
  process.on('SIGINT', () => undefined).on('SIGHUP', () => undefined)
  process.on('SIGTERM', () => void served.stop(false))
  // nobody restarts, counts or binds any more: what is in hand is ended, and nothing new is begun
  primary.onGone(() => {
    served.node.log.error('primary.gone', {})
    void served.stop(false)
  })
}

/** What only a worker is asked; the rest is what a daemon of one process answers. */
function verbs(served: ServedNode, found: Found): AnswerPrimary {
  const doors = answers(served)
  let [loaded, candidate, before]: (LoadedConfig | undefined)[] = [found.loaded]
  const own: Record<string, (args: Json) => Promise<Json>> = {
    /** Builds a graph from the configuration as it is now; nothing is started. */
    async check() {
      before = undefined
      candidate = await loaded!.again()
      const node = await createNode(candidate, { ...sharesOf(found), log: silentSink })
      const { settings } = node.graph
      const users = plain(helpersOf(settings))
      return { spool: settings.spool, workers: workersIn(candidate), user: userIn(candidate) ?? null, users }
    },
    async reload() {
      const next = candidate!
      const restart = await served.reload(() => served.node.reload(next)).then(() => undefined, restartNeeded)
      if (restart === undefined) [before, loaded] = [loaded, next]
      return { restart: restart ?? null, configuration: served.node.status().configuration }
    },
    /** Another worker could not follow; one that has not switched has nothing to take back. */
    async revert() {
      const old = before
      if (old) await served.reload(() => served.node.reload(old))
      loaded = old ?? loaded
      before = undefined
      return null
    },
    async stop(args) {
      await served.stop((args as { now?: boolean }).now === true)
      return null
    },
  }
  return async (verb, args, row, signal) => {
    if (Object.hasOwn(own, verb)) return own[verb]!(args)
    const [door, asked] = verb.split(' ') as [keyof typeof doors, string]
    const request = { verb: asked, arguments: args } as unknown as Request
    return plain(await doors[door](request, (value) => row(plain(value)), signal))
  }
}
/** Core names what a reload cannot change with this code and without a list of problems. */
function restartNeeded(error: unknown): string {
  if (error instanceof PosternError && error.code === 'PN_CONFIG_INVALID' && error.problems.length === 0)
    return error.message
  throw error
}
const plain = (value: unknown): Json => JSON.parse(toJson(value ?? null)) as Json

try {
  await run()
  process.exit(EX.OK)
} catch (error) {
  const why = remoteErrorOf(error)
  await primary.failed(why)
  process.exit(why.exit)
}
