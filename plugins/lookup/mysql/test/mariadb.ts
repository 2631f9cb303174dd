/** A MariaDB of one's own: a folder, a port, a socket. Stopped, killed and started again by its pid. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { freePort, freeze, programPath, tempFolder, until } from '@postern/testkit'
import type { Database } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
import { fromTemplate } from '../../../../packages/lookup-kit/test/support/template.ts'

const root = process.getuid?.() === 0
const mysqlUid = () => Number(execFileSync('id', ['-u', 'mysql'], { encoding: 'latin1' }))

export interface MariaDb extends Database {
  readonly socket: string
}
/** smaller than the defaults, which take a second and 100 MB to make */
const SIZES = [
  '--innodb-buffer-pool-size=16M',
  '--innodb-log-file-size=8M',
  '--innodb-data-file-path=ibdata1:4M:autoextend',
]

export async function startMariaDb(...more: string[]): Promise<MariaDb> {
  const { path: folder, remove } = await tempFolder('mariadb')
  chmodSync(folder, 0o755)
  const user = root ? ['--user=mysql'] : []
  if (root) chownSync(folder, mysqlUid(), -1)
  const version = execFileSync(programPath('mariadbd')!, ['--version'], { encoding: 'latin1' })
  fromTemplate(`mariadb-${/\d+(\.\d+)+/.exec(version)![0]}`, join(folder, 'data'), (data) => {
    const install = ['--auth-root-authentication-method=normal', '--skip-test-db', ...SIZES]
    // the folder is its user's, and so must be the way to it
    chmodSync(dirname(data), 0o755)
    if (root) chownSync(dirname(data), mysqlUid(), -1)
    execFileSync(programPath('mariadb-install-db')!, ['--no-defaults', ...user, `--datadir=${data}`, ...install], {
      stdio: 'ignore',
    })
  })
  const port = await freePort()
  const socket = join(folder, 's.sock')
  let child: ChildProcess | undefined
  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const db: MariaDb = {
    port,
    socket,
    folder,
    sql: (text) =>
      execFileSync(programPath('mariadb')!, ['--no-defaults', '-uroot', '-S', socket, '-N', '-B', '-e', text], {
        encoding: 'utf8',
      }),
    kill: (signal) => void (signal === 'SIGSTOP' && child?.pid ? freeze(child.pid) : child?.kill(signal)),
    async start() {
      if (running()) return
      const log = openSync(join(folder, 'log'), 'a')
      const sizes = [
        ...SIZES,
        '--performance-schema=OFF',
        '--innodb-flush-log-at-trx-commit=0',
        '--skip-innodb-doublewrite',
      ]
      const net = ['--bind-address=127.0.0.1', `--port=${port}`, `--socket=${socket}`, '--skip-name-resolve']
      const args = ['--no-defaults', ...user, `--datadir=${folder}/data`, ...net, ...sizes, '--skip-log-bin', ...more]
      child = spawn(programPath('mariadbd')!, args, { stdio: ['ignore', log, log] })
      await until('MariaDB', () => listens(port), 30_000)
    },
    async stop() {
      if (!running()) return
      const ended = new Promise((resolve) => child!.once('exit', resolve))
      child!.kill('SIGKILL')
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
