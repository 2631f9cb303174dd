/** A PostgreSQL of one's own: a folder, a port. Stopped, killed and started again by its pid. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort, freeze, programPath, tempFolder, until } from '@postern/testkit'
import type { Database } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
import { fromTemplate } from '../../../../packages/lookup-kit/test/support/template.ts'

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
const root = process.getuid?.() === 0
const uid = () => Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'latin1' }))
/** it does not run as root */
const as = (command: string, args: readonly string[]): [string, string[]] =>
  root
    ? ['setpriv', ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups', command, ...args]]
    : [command, [...args]]

export interface Postgres extends Database {
  sql(text: string, database?: string): string
}
export interface PostgresOptions {
  /** in front of the others in pg_hba.conf */
  readonly hba?: string
  readonly settings?: readonly string[]
}

export async function startPostgres({ hba = '', settings: more = [] }: PostgresOptions = {}): Promise<Postgres> {
  const { path: folder, remove } = await tempFolder('postgres')
  if (root) chownSync(folder, uid(), -1)
  const data = join(folder, 'data')
  const version = execFileSync(postgresPath('postgres'), ['--version'], { encoding: 'latin1' })
  fromTemplate(`postgres-${/\d+(\.\d+)*/.exec(version)![0]}`, data, (into) => {
    const init = ['-D', into, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
    if (root) chownSync(dirname(into), uid(), -1)
    execFileSync(...as(postgresPath('initdb'), init), { stdio: 'ignore' })
  })
  const rules = 'local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n'
  writeFileSync(join(data, 'pg_hba.conf'), hba + rules)
  const port = await freePort()
  let child: ChildProcess | undefined
  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const db: Postgres = {
    port,
    folder,
    sql: (text, database = 'postgres') =>
      execFileSync(
        programPath('psql')!,
        ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-p', String(port), '-U', 'postgres', database],
        { encoding: 'utf8', input: text },
      ),
    kill(signal) {
      if (!running() || !child?.pid) return
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim().split(' ')
      for (const pid of [child.pid, ...children.filter(Boolean).map(Number)]) {
        try {
          if (signal === 'SIGSTOP') freeze(pid)
          else process.kill(pid, signal)
        } catch {
          // gone already
        }
      }
    },
    async start() {
      if (running()) return
      const log = openSync(join(folder, 'log'), 'a')
      const settings = [
        'listen_addresses=127.0.0.1',
        `unix_socket_directories=${folder}`,
        'fsync=off',
        'max_connections=20',
        ...more,
      ]
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
      if (!running()) return
      const ended = new Promise((resolve) => child!.once('exit', resolve))
      db.kill('SIGCONT')
      // at once, as after a crash; SIGKILL would leave its children and their memory
      child!.kill('SIGQUIT')
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
