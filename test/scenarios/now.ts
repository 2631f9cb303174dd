/** What of a scenario waits for a plugin that is not there: its folder's `now.json`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareAt, showDifference } from '../conformance/judge/compare.ts'
import type { Observed } from '../conformance/judge/observed.ts'
import type { Level } from '../conformance/judge/levels.ts'

export interface Now {
  /** the reason, for a person */
  readonly waits: string
  /** judged at this level; default: codes */
  readonly level?: Level
  /** patterns: what is said at the start */
  readonly says?: readonly string[]
  /** by recipient, a pattern of why its mail is in the queue */
  readonly queued?: Readonly<Record<string, string>>
  /** things that are not as Postfix's, all of them by name (`mailbox mail/rich`) */
  readonly differs?: readonly string[]
}

/** undefined: all is to be as Postfix's. Throws when the file cannot be read. */
export function nowOf(folder: string): Now | undefined {
  const file = join(folder, 'now.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Now) : undefined
}

/** What is wrong, a line each. */
export function judge(expected: Observed, observed: Observed, said: string, now: Now | undefined): string[] {
  const { differences } = compareAt(now ? (now.level ?? 'codes') : 'full', expected, observed)
  if (!now) return differences.flatMap(showDifference)
  const allowed = now.differs ?? []
  const names = differences.map(({ what }) => what)
  return [
    ...differences.filter(({ what }) => !allowed.includes(what)).flatMap(showDifference),
    ...allowed.filter((what) => !names.includes(what)).map((what) => `as Postfix's now, take it off: ${what}`),
    ...(now.says ?? []).filter((text) => !new RegExp(text, 'm').test(said)).map((text) => `not said: ${text}`),
    ...notQueued(observed, now.queued ?? {}),
    ...returned(expected, observed),
  ]
}

function notQueued({ statuses }: Observed, queued: Readonly<Record<string, string>>): string[] {
  return Object.entries(queued).flatMap(([recipient, why]) => {
    const all = (statuses ?? []).filter(([to, original]) => to === recipient || original === recipient)
    const waits = all.length > 0 && all.every((s) => s[4] === 'deferred' && new RegExp(why).test(s[5]))
    return waits ? [] : [`not in the queue: ${recipient}: ${JSON.stringify(all)}`]
  })
}

/** Nothing is returned to its sender that Postfix does not return. */
function returned(expected: Observed, observed: Observed): string[] {
  const bounced = ({ statuses }: Observed) => (statuses ?? []).filter((s) => s[4] === 'bounced').map(([to]) => to)
  const known = new Set(bounced(expected))
  return bounced(observed)
    .filter((to) => !known.has(to))
    .map((to) => `returned: ${to}`)
}
