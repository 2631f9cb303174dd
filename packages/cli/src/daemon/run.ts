/** The daemon in one process: builds a node, takes the spool, starts, serves, stops. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createNode } from '@postern/core'
import { UserClient, UserHelpers, usersSocket } from '@postern/processes'
import { bundledFrom } from '../config.ts'
import type { Found } from '../config.ts'
import { answers } from '../control/answers.ts'
import { pidPath } from '../control/path.ts'
import { ControlServer } from '../control/server.ts'
import { EX } from '../exit.ts'
import { remoteErrorOf } from './errors.ts'
import { greetingLines, greetingOf } from './greeting.ts'
import { DaemonLog } from './log.ts'
import { isDetached, tellParent } from './parent.ts'
import { ServedNode } from './served.ts'
import { watchSignals, watchStrays } from './signals.ts'
import { helpersOf } from './users.ts'

/** Resolves when it has been stopped. Throws what kept it from starting. */
export async function runDaemon(found: Found): Promise<void> {
  const log = new DaemonLog()
  const users = new UserClient(usersSocket(found.spool))
  const node = await createNode(found.loaded, { log, resolveFrom: bundledFrom(), users })
  log.follow(node)
  await serve(new ServedNode(node, log, found.loaded))
}

async function serve(served: ServedNode): Promise<void> {
  const { node } = served
  const { spool } = node.graph.settings
  await mkdir(spool, { recursive: true, mode: 0o700 })
  const control = await ControlServer.open(spool, answers(served), remoteErrorOf, () => node.log)
  const users = await UserHelpers.open({
    ...helpersOf(node.graph.settings),
    socket: usersSocket(spool),
    asRoot: (fn) => fn(),
    log: (level, event, fields) => node.log[level](event, fields),
  })
  served.onReload(() => users.change(helpersOf(node.graph.settings)))
  watchStrays(
    () => node.log,
    () => control.remove(),
  )
  const unwatch = watchSignals({
    stop: (now) => void served.stop(now),
    reload: () => void served.reload().catch(() => undefined),
  })
  try {
    if (await served.start()) {
      await writeFile(pidPath(spool), `${process.pid}\n`)
      await greet(served)
      await served.ended
    }
  } finally {
    unwatch()
    await rm(pidPath(spool), { force: true })
    await users.close()
    await control.close()
  }
  // what a plugin left open must not keep a daemon that has stopped
  process.exit(EX.OK)
}
async function greet(served: ServedNode): Promise<void> {
  const greeting = await greetingOf(served.node, served.listening())
  if (isDetached()) await tellParent({ postern: 'ready', greeting })
  else process.stdout.write(greetingLines(greeting).join('\n') + '\n')
}
