/**
 * Starts a program as a user for good: real, effective and saved ids and groups are the user's, and nothing of root is
 * left. setpriv(1) does it, since Node's own spawn drops the supplementary groups; env(1) behind it makes the environment,
 * so that a variable never reaches a program that still is root. A helper that is not root starts it as itself.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import type { Account } from './accounts.ts'
import { rights } from './rights.ts'

export interface LaunchOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdio: StdioOptions
}
/** where programs are that are named without a folder */
export const PATH = '/usr/local/bin:/usr/bin:/bin'
export const OWN_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

export type Ids = Pick<Account, 'uid' | 'gid' | 'groups'>
/** Options of setpriv(1) by which a process is the user for good: real, effective and saved ids, groups, no capabilities. */
export const idsOptions = ({ uid, gid, groups }: Ids): string[] => [
  `--reuid=${uid}`,
  `--regid=${gid}`,
  `--groups=${groups.join()}`,
  '--inh-caps=-all',
]

/** The program leads a process group of its own, and is killed when this process dies. */
export function launch(account: Account, argv: readonly string[], o: LaunchOptions): ChildProcess {
  const ids = rights.root ? idsOptions(account) : []
  const env = Object.entries({ PATH, ...o.env }).map(([name, value]) => `${name}=${value}`)
  return spawn('setpriv', [...ids, '--pdeathsig=KILL', '--', 'env', '-i', ...env, ...argv], {
    detached: true,
    stdio: o.stdio,
    cwd: o.cwd,
    env: { PATH: OWN_PATH },
  })
}
