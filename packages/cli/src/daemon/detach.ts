/** Starts the daemon as a process of its own and waits until it is ready. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { createNode, silentSink } from '@postern/core'
import { actingAs, prepareSpool } from '@postern/processes'
import { bundledFrom } from '../config.ts'
import type { Found } from '../config.ts'
import { logPath } from '../control/path.ts'
import { EX } from '../exit.ts'
import { shortWhere } from '../text/where.ts'
import { greetingLines } from './greeting.ts'
import { DETACHED } from './parent.ts'
import type { Told } from './parent.ts'
import { PLAN } from './plan.ts'
import type { Plan } from './plan.ts'
import { userOf } from './user.ts'

export async function detach(found: Found, plan: Plan): Promise<void> {
  // what is wrong with the configuration is told here, before any folder is made
  await createNode(found.loaded, { log: silentSink, resolveFrom: bundledFrom() })
  const child = spawnDaemon(found, plan)
  const told = await answerOf(child)
  if (told?.postern === 'ready') {
    process.stdout.write(greetingLines(told.greeting).join('\n') + '\n')
    process.stdout.write(`Its output goes to ${shortWhere(logPath(found.spool))}; "postern stop" ends it.\n`)
    child.unref()
    return
  }
  const text = told?.text ?? `postern: the daemon ended before it was ready; see ${logPath(found.spool)}`
  process.stderr.write(`${text}\n`)
  process.exitCode = told?.exit ?? EX.SOFTWARE
}

function spawnDaemon(found: Found, plan: Plan): ChildProcess {
  const log = openLog(found.spool, plan.user)
  try {
    const config = found.embedded ? [] : ['--config', found.loaded.file]
    return spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'start', '--foreground', ...config], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...process.env, [DETACHED]: '1', [PLAN]: JSON.stringify(plan) },
    })
  } finally {
    closeSync(log)
  }
}

function openLog(spool: string, name: string | undefined): number {
  const open = () => openSync(logPath(spool), O_APPEND | O_CREAT | O_WRONLY, 0o640)
  if (name === undefined) {
    mkdirSync(spool, { recursive: true, mode: 0o700 })
    return open()
  }
  const user = userOf(name)
  prepareSpool(spool, user)
  // what the user may have put in its place must not be opened by root
  return actingAs(user, open)
}
const { O_APPEND, O_CREAT, O_WRONLY } = constants

/** `undefined` when it ended without a word. */
function answerOf(child: ChildProcess): Promise<Told | undefined> {
  return new Promise((resolve, reject) => {
    child.once('message', (told) => {
      if (child.connected) child.disconnect()
      resolve(told as Told)
    })
    child.once('error', reject)
    // not 'exit': it may come before the last message has been read
    child.once('disconnect', () => resolve(undefined))
  })
}
