/** What a machine must allow for cases to run. */
import { spawnSync } from 'node:child_process'
import { programPath } from './room/testkit.ts'

const PROGRAMS = ['unshare', 'mount', 'ip', 'hostname', 'openssl', 'postmap', 'postalias']

/** Tried, not guessed; undefined when all is there. */
export function missingHere(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux (namespaces)'
  const absent = PROGRAMS.filter((name) => programPath(name) === undefined)
  if (absent.length) return `needs ${absent.join(', ')}, not installed here`
  const tried = spawnSync('unshare', ['-n', '-m', '-u', '-p', '-f', '--mount-proc', 'true'], { encoding: 'utf8' })
  if (tried.status !== 0) return `needs root that may make namespaces: ${tried.stderr.trim()}`
  return undefined
}
