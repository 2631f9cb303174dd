/** A MariaDB of one's own: a folder, a port, a socket. Stopped, killed and started again by its pid. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort, programPath, tempFolder, until } from '@postern/testkit'

const root = process.getuid?.() === 0

export interface MariaDb {
  readonly port: number
  readonly socket: string
  readonly folder: string
  /** SQL as root, in database `m` when there is one; answers the rows as text */
  sql(text: string): string
  kill(signal: NodeJS.Signals): void
  start(): Promise<void>
  /** ends at once, waits for the end */
  stop(): Promise<void>
  remove(): Promise<void>
}

export async function startMariaDb(...more: string[]): Promise<MariaDb> {
  const { path: folder, remove } = await tempFolder('mariadb')
  chmodSync(folder, 0o755)
  const user = root ? ['--user=mysql'] : []
  if (root) chownSync(folder, Number(execFileSync('id', ['-u', 'mysql'], { encoding: 'latin1' })), -1)
  const install = ['--auth-root-authentication-method=normal', '--skip-test-db']
  execFileSync(programPath('mariadb-install-db')!, ['--no-defaults', ...user, `--datadir=${folder}/data`, ...install], {
    stdio: 'ignore',
  })
  const port = await freePort()
  const socket = join(folder, 's.sock')
  let child: ChildProcess | undefined
  const db: MariaDb = {
    port,
    socket,
    folder,
    sql: (text) =>
      execFileSync(programPath('mariadb')!, ['--no-defaults', '-uroot', '-S', socket, '-N', '-B', '-e', text], {
        encoding: 'utf8',
      }),
    kill: (signal) => void child?.kill(signal),
    async start() {
      const log = openSync(join(folder, 'log'), 'a')
      const sizes = ['--innodb-buffer-pool-size=16M', '--innodb-log-file-size=8M', '--performance-schema=OFF']
      const net = ['--bind-address=127.0.0.1', `--port=${port}`, `--socket=${socket}`, '--skip-name-resolve']
      const args = ['--no-defaults', ...user, `--datadir=${folder}/data`, ...net, ...sizes, '--skip-log-bin', ...more]
      child = spawn(programPath('mariadbd')!, args, { stdio: ['ignore', log, log] })
      await until('MariaDB', () => listens(port), 30_000)
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child!.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
    async remove() {
      await db.stop()
      await remove()
    },
  }
  await db.start()
  return db
}
const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const said = (yes: boolean) => () => (socket.destroy(), resolve(yes))
    // the greeting, not the open port, says that it is ready
    socket.once('data', said(true)).once('error', said(false)).once('end', said(false))
  })
