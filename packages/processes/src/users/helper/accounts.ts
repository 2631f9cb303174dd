/** The system's user data base, by getent(1): Node has no getpwnam. What is found is believed for a minute. */
import { spawnSync } from 'node:child_process'
import type { SystemUser } from '@postern/core'
import { probeOfSync, remoteServicesSync } from '../../name-services.ts'

export interface Account extends SystemUser {
  /** supplementary groups */
  readonly groups: readonly number[]
}
export type AccountAnswer =
  | { readonly kind: 'found'; readonly account: Account }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly cause: string }

/** ms for one question */
const PATIENCE = 10_000
const KEPT = 60_000
const MOST = 10_000
/** getent(1): the name is not there */
const NOT_FOUND = 2
// a name of digits alone would be taken for a number, one with a colon or comma cannot be there
const NAME = /^(?!\d+$)[^-\s:,/\0][^\s:,/\0]*$/

interface Kept {
  readonly answer: AccountAnswer
  readonly until: number
}
export class Accounts {
  readonly #kept = new Map<string, Kept>()

  find(name: string): AccountAnswer {
    const kept = this.#kept.get(name)
    if (kept && kept.until > performance.now()) return kept.answer
    const answer = lookUp(name)
    this.#kept.delete(name)
    if (this.#kept.size >= MOST) this.#kept.clear()
    if (answer.kind !== 'failed') this.#kept.set(name, { answer, until: performance.now() + KEPT })
    return answer
  }
}

function lookUp(name: string): AccountAnswer {
  if (!NAME.test(name)) return { kind: 'absent' }
  let passwd = ask('getent', ['passwd', '--', name])
  if (passwd.status === NOT_FOUND) {
    const down = serviceThatIsDown()
    if (down === undefined) return { kind: 'absent' }
    if (down !== '') return { kind: 'failed', cause: down }
    // they answer: perhaps one of them did not a moment ago
    passwd = ask('getent', ['passwd', '--', name])
    if (passwd.status === NOT_FOUND) return { kind: 'absent' }
  }
  if (passwd.status !== 0) return { kind: 'failed', cause: `getent passwd: ${passwd.why}` }
  const [found = '', , uid = '', gid = '', , home = '', shell = ''] = passwd.out.trimEnd().split(':')
  // a data base that compares without case may answer with its own spelling
  if (found.toLowerCase() !== name.toLowerCase() || !/^\d+$/.test(uid) || !/^\d+$/.test(gid))
    return { kind: 'failed', cause: 'getent passwd: an answer that makes no sense' }
  const groups = ask('id', ['-G', '--', found])
  if (groups.status !== 0 || !/^\d+( \d+)*$/.test(groups.out.trim()))
    return { kind: 'failed', cause: `id -G: ${groups.why}` }
  const account = { name: found, uid: Number(uid), gid: Number(gid), home, shell }
  return { kind: 'found', account: { ...account, groups: groups.out.trim().split(' ').map(Number) } }
}
/** `undefined`: there is none that could be; `''`: they answer. */
function serviceThatIsDown(): string | undefined {
  try {
    const services = remoteServicesSync('passwd')
    const down = services.find((service) => ask('getent', probeOfSync('passwd', service)).status !== 0)
    if (down !== undefined) return `"${down}" of nsswitch.conf does not answer`
    return services.length > 0 ? '' : undefined
  } catch (error) {
    return (error as Error).message
  }
}
function ask(program: string, args: readonly string[]) {
  const { status, stdout, error, signal } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: PATIENCE,
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
  })
  return { status, out: stdout ?? '', why: error?.message ?? signal ?? `exit code ${status}` }
}
