/** The mail system of a machine: Debian's Postfix or Postern, both on /etc/postfix. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { run, sh } from '../../conformance/room/shell.ts'
import { until } from '../../conformance/room/testkit.ts'
import type { Machine } from './machine.ts'
import { PATH } from './machine.ts'

const POSTERN = new URL('../../../packages/cli/bin/postern.js', import.meta.url).pathname

export interface Running {
  stop(): Promise<void>
  /** what it said at the start */
  said(): string
}
const answers = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(25, '127.0.0.1')
    const end = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })

export async function postfix(): Promise<Running> {
  const { exit, err, out } = await run(['/usr/sbin/postfix', 'start'], { env: { PATH } })
  if (exit !== 0) throw new Error(`postfix start: ${err}${out}`)
  await until('smtpd', answers, 30_000)
  return {
    stop: async () => {
      sh('/usr/sbin/postfix', 'stop')
      await until('no smtpd', async () => !(await answers()), 15_000)
    },
    said: () => '',
  }
}
export async function postern(machine: Machine): Promise<Running> {
  const file = join(machine.folder, 'server.out')
  const out = openSync(file, 'w')
  const child = spawn(process.execPath, [POSTERN, 'start', '--foreground', '--postfix', '/etc/postfix'], {
    cwd: '/',
    stdio: ['ignore', out, out],
    env: { PATH, HOME: '/root' },
  })
  closeSync(out)
  const said = () => readFileSync(file, 'utf8')
  let over = false
  child.once('exit', () => (over = true))
  const up = () => {
    if (over) throw new Error(`it ended: ${said()}`)
    return answers()
  }
  await until('Postern', up, 30_000).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}\n${said()}`, { cause: error })
  })
  return {
    stop: async () => {
      child.kill('SIGTERM')
      await until('its end', () => over, 20_000)
    },
    said,
  }
}
