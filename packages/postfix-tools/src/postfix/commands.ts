/** What `postfix` can be told, each with its exit code. Texts are those of Postfix's own script. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDaemon } from '@postern/cli/client'
import type { Daemon } from '@postern/cli/client'
import { Fatal, flushAll } from '@postern/sendmail/queue'
import { readMasterCf } from '@postern/postfix-config'
import type { StartPlace } from '../place.ts'
import type { Told } from './main.ts'
import { rotate } from './logrotate.ts'
import { postern } from './postern.ts'

type Command = (place: StartPlace, told: Told) => Promise<number>
/** seconds in which it may stop in its own time, as Postfix waits */
const PATIENCE = 5
const NOT_RUNNING = 'the Postfix mail system is not running'

export const COMMANDS: Readonly<Record<string, Command>> = {
  start: async (place, told) => {
    const refused = await mayStart(place, told)
    if (refused !== undefined) return refused
    return (await postern('start', place)) === 0 ? 0 : told.fatal('mail system startup failed')
  },
  'start-fg': async (place, told) => (await mayStart(place, told)) ?? postern('start', place, '--foreground'),
  stop: (place, told) =>
    withDaemon(place, told, async (daemon) => {
      told.info('stopping the Postfix mail system')
      return stopped(daemon, place, told)
    }),
  abort: (place, told) =>
    withDaemon(place, told, async (daemon) => {
      told.info('aborting the Postfix mail system')
      await daemon.ask('stop', { now: true })
      return 0
    }),
  reload: (place, told) =>
    withDaemon(place, told, async (daemon) => {
      told.info('refreshing the Postfix mail system')
      daemon.close()
      return postern('reload', place)
    }),
  status: async (place, told) => {
    const daemon = await connectDaemon(place.spool)
    if (!daemon) {
      told.info(NOT_RUNNING)
      return 1
    }
    const { pid } = await daemon.ask('ping', {})
    told.info(`the Postfix mail system is running: PID: ${pid}`)
    return 0
  },
  // what is under way may end, however long that takes
  drain: (place, told) =>
    withDaemon(place, told, async (daemon) => {
      told.info('stopping the Postfix mail system')
      await daemon.ask('stop', {})
      return 0
    }),
  'quick-stop': (place, told) => COMMANDS.stop!(place, told),
  check: (place, told) => checked(place, told),
  'set-permissions': (_, told) =>
    nothingToDo(told, 'the daemon makes files and folders with the owners that they need'),
  'upgrade-configuration': (_, told) => nothingToDo(told, 'main.cf and master.cf are read as they stand'),
  logrotate: rotate,
  flush: async (place) => {
    try {
      await flushAll(place)
      return 0
    } catch (error) {
      if (!(error instanceof Fatal)) throw error
      // Postfix runs postqueue for it
      process.stderr.write(`postqueue: fatal: ${error.message}\n`)
      return error.exit
    }
  },
}

function nothingToDo(told: Told, why: string): Promise<number> {
  told.info(`nothing to do: ${why}`)
  return Promise.resolve(0)
}
async function withDaemon(place: StartPlace, told: Told, work: (daemon: Daemon) => Promise<number>): Promise<number> {
  const daemon = await connectDaemon(place.spool)
  if (!daemon) return told.fatal(NOT_RUNNING)
  try {
    return await work(daemon)
  } finally {
    daemon.close()
  }
}
/** `undefined`: it may. */
async function mayStart(place: StartPlace, told: Told): Promise<number | undefined> {
  const daemon = await connectDaemon(place.spool)
  daemon?.close()
  if (daemon) return told.fatal('the Postfix mail system is already running')
  if ((await checked(place, told)) !== 0) return told.fatal('Postfix integrity check failed!')
  told.info('starting the Postfix mail system')
  return undefined
}
/** What is wrong with the configuration is told on standard error, as `postern check` words it. */
async function checked({ postfix, ...place }: StartPlace, told: Told): Promise<number> {
  if (postfix !== undefined) {
    const services = await readMasterCf(postfix).catch(() => undefined)
    if (!services) return told.fatal(`no ${postfix}/master.cf file found`)
  }
  return (await postern('check', { ...place, postfix })) === 0 ? 0 : 1
}

/** Asked to stop, then hurried; the next command must find the process gone. */
async function stopped(daemon: Daemon, place: StartPlace, told: Told): Promise<number> {
  const { pid } = await daemon.ask('ping', {})
  const asked = daemon.ask('stop', {}).catch(() => undefined)
  for (let second = 0; second < PATIENCE; second++) {
    if (await isGone(pid)) return 0
    if (second > 0) told.info('waiting for the Postfix mail system to terminate')
  }
  told.warn('stopping the Postfix mail system with force')
  const again = await connectDaemon(place.spool)
  await again?.ask('stop', { now: true }).catch(() => undefined)
  await asked
  return (await isGone(pid)) ? 0 : 1
}
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    try {
      process.kill(pid, 0)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true
    }
    await sleep(20)
  }
  return false
}
