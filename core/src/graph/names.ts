/** Checks every name that one part of the configuration uses for another: a misspelt one stops the start. */
import type { LoadedUse } from '../config/plugins.ts'
import { STAGES } from '../contract/stages.ts'
import { logSink, queueStore, transports } from '../contract/roles.ts'
import type { Transport } from '../contract/deliver.ts'
import type { Problem } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { typesIn } from './apply.ts'
import type { Collection } from './collector.ts'
import { checkTables } from './definitions.ts'

export function checkNames(c: Collection, uses: readonly LoadedUse[], problems: Problem[]): void {
  const add = (code: Problem['code'], where: string, message: string, suggestion?: string) => {
    const [file, ...path] = where.split(': ')
    problems.push({ code, file: file!, path: path.join(': '), message, suggestion })
  }
  // a use that could not be applied may bring what seems to be missing: then only what looks misspelt is told
  const missing: Add = (code, where, message, suggestion) => {
    if (!c.incomplete || suggestion !== undefined) add(code, where, message, suggestion)
  }
  twice(c, add)
  if (!c.incomplete && !c.provided.some((p) => p.role.id === queueStore.id))
    problems.push({
      code: 'PN_NEED_MISSING',
      file: uses[0]?.file ?? '',
      path: 'plugins',
      message: 'no plugin in use keeps a queue: add "queue-journal"',
    })
  const ways = c.provided.filter((p) => p.role.id === transports.id).map((p) => p.name!)
  for (const t of c.transportNames)
    if (!ways.includes(t.name))
      missing(
        'PN_TRANSPORT_UNKNOWN',
        t.where,
        `no plugin in use provides the transport "${t.name}"; there are: ${ways.join(', ') || 'none'}`,
        nearest(t.name, ways),
      )
  for (const p of c.provided)
    if (p.role.id === transports.id) checkLimits(p.impl as Transport, p.name!, p.use.where, add)
  checkTables(c, typesIn(c), uses, problems)
  const listeners = [...new Set(c.listeners.map((l) => l.name))]
  const names = uses.map((u) => u.name)
  for (const u of uses) {
    const at = `${u.file}: ${u.path}`
    for (const l of [u.bind.listener ?? [], Object.keys(u.bind.onListener ?? {})].flat())
      if (!listeners.includes(l))
        missing(
          'PN_CONFIG_INVALID',
          at,
          `there is no listener "${l}"; there are: ${listeners.join(', ') || 'none'}`,
          nearest(l, listeners),
        )
    // only what the configuration says: a plugin may name others that are not installed
    for (const other of [u.bind.before ?? [], u.bind.after ?? []].flat())
      if (!names.includes(other))
        missing('PN_CONFIG_INVALID', at, `there is no use "${other}" to come before or after`, nearest(other, names))
    checkBind(u, at, add)
    if (u.bind.onFault === 'pass') passRefused(c, u, at, add)
  }
}
type Add = (code: Problem['code'], where: string, message: string, suggestion?: string) => void

/** A limit of nothing would wait for ever. */
function checkLimits(t: Transport, name: string, where: string, add: Add): void {
  for (const key of ['concurrency', 'recipients', 'deadline'] as const) {
    const v = t.limits?.[key]
    if (v !== undefined && !(Number.isFinite(v) && v >= 1))
      add('PN_CONFIG_INVALID', where, `the transport "${name}" has the limit ${key} ${v}; expected 1 or more`)
  }
}
function checkBind(u: LoadedUse, at: string, add: Add): void {
  const one = (key: 'onFault' | 'phase', valid: readonly string[]) => {
    const v = u.bind[key]
    if (v !== undefined && !valid.includes(v))
      add('PN_CONFIG_INVALID', `${at}.${key}`, `expected one of ${valid.join(', ')}`, nearest(String(v), valid))
  }
  one('onFault', ['defer', 'pass', 'hold'])
  one('phase', ['early', 'normal', 'late'])
  if (u.bind.timeout !== undefined && !(typeof u.bind.timeout === 'number' && u.bind.timeout > 0))
    add('PN_CONFIG_INVALID', `${at}.timeout`, 'expected milliseconds above 0')
}
/** Passing at relay, resolve or in a role would open a relay or take a dead table for an empty one. */
function passRefused(c: Collection, u: LoadedUse, at: string, add: Add): void {
  const hooks = [
    ...new Set(c.taps.filter((t) => t.use.name === u.name && !STAGES[t.hook].mayPass).map((t) => t.hook as string)),
  ]
  if (c.provided.some((p) => p.use.name === u.name)) hooks.push('a role')
  if (hooks.length > 0)
    add(
      'PN_CONFIG_INVALID',
      `${at}.onFault`,
      `onFault: pass is not possible at ${hooks.join(', ')}: a fault there must never let mail in or lose it`,
    )
}
function twice(c: Collection, add: Add): void {
  const seen = new Map<string, string>()
  for (const p of c.provided) {
    // a log may be written in several ways at a time
    if (p.role.id === logSink.id) continue
    const key = `${p.role.id}\0${p.name ?? ''}`
    const first = seen.get(key)
    if (first)
      add(
        'PN_PROVIDED_TWICE',
        p.use.where,
        `${p.name === undefined ? `the role ${p.role.id}` : `${p.role.id} "${p.name}"`} is provided by ${first} already${p.name === undefined ? '' : '; give one of them a name of its own with "as"'}`,
      )
    else seen.set(key, p.use.name)
  }
  const listeners = new Map<string, string>()
  for (const l of c.listeners) {
    if (listeners.has(l.name))
      add(
        'PN_PROVIDED_TWICE',
        l.use.where,
        `there is a listener "${l.name}" already; give this one a name of its own with "as"`,
      )
    listeners.set(l.name, l.use.name)
  }
}
