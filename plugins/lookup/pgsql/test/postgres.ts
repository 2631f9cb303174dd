/** A PostgreSQL of one's own: a folder, a port. Stopped, killed and started again by its pid. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, programPath, tempFolder, until } from '@postern/testkit'

const LIB = '/usr/lib/postgresql'
/** of the newest version that is there */
export const postgresPath = (name: string): string => {
  const version = (() => {
    try {
      return readdirSync(LIB)
        .sort((a, b) => Number(a) - Number(b))
        .at(-1)
    } catch {
      return undefined
    }
  })()
  return version === undefined ? name : join(LIB, version, 'bin', name)
}
/** it does not run as root */
const as = (command: string, args: readonly string[]): [string, string[]] =>
  process.getuid?.() === 0
    ? ['setpriv', ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups', command, ...args]]
    : [command, [...args]]

export interface Postgres {
  readonly port: number
  readonly folder: string
  /** SQL as the superuser */
  sql(text: string, database?: string): string
  /** to all its processes */
  signal(signal: NodeJS.Signals): void
  start(): Promise<void>
  /** ends at once, waits for the end */
  stop(): Promise<void>
  remove(): Promise<void>
}

export async function startPostgres(...more: string[]): Promise<Postgres> {
  const { path: folder, remove } = await tempFolder('postgres')
  if (process.getuid?.() === 0)
    chownSync(folder, Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'latin1' })), -1)
  const data = join(folder, 'data')
  const init = ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  execFileSync(...as(postgresPath('initdb'), init), { stdio: 'ignore' })
  const hba = 'local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n'
  writeFileSync(join(data, 'pg_hba.conf'), hba)
  const port = await freePort()
  let child: ChildProcess | undefined
  const db: Postgres = {
    port,
    folder,
    sql: (text, database = 'postgres') =>
      execFileSync(
        programPath('psql')!,
        ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-p', String(port), '-U', 'postgres', database],
        { encoding: 'utf8', input: text },
      ),
    signal(signal) {
      if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim().split(' ')
      for (const pid of [child.pid, ...children.filter(Boolean).map(Number)]) {
        try {
          process.kill(pid, signal)
        } catch {
          // gone already
        }
      }
    },
    async start() {
      const log = openSync(join(folder, 'log'), 'a')
      const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off', ...more]
      const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
      child = spawn(...as(postgresPath('postgres'), args), { stdio: ['ignore', log, log] })
      await until(
        'PostgreSQL',
        () => {
          try {
            return db.sql('select 1') !== ''
          } catch {
            return false
          }
        },
        30_000,
      )
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child!.once('exit', resolve))
      db.signal('SIGCONT')
      // at once, as after a crash; SIGKILL would leave its children and their memory
      child.kill('SIGQUIT')
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
