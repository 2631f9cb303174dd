/** Runs apply of each use, providers before those who need them. */
import { checkOptions } from '../config/check.ts'
import type { LoadedUse } from '../config/plugins.ts'
import type { TableType } from '../contract/lookup.ts'
import { tableTypes } from '../contract/roles.ts'
import type { AnyRole, Named, Needs } from '../contract/tokens.ts'
import { textOf } from '../errors.ts'
import type { Problem } from '../errors.ts'
import type { UseFacts } from '../hooks/record.ts'
import { Collector } from './collector.ts'
import type { Collection, Reach } from './collector.ts'
import { TableRoom } from './tables.ts'

const PROVIDERS: Record<string, string> = {
  queueStore: 'queue-journal',
  resolver: 'lookup-dns',
  addressClasses: 'route-classes',
  addressWays: 'route-classes',
  addressRewriter: 'rewrite-trivial',
  logSink: 'ops-log',
}

export function applyAll(
  uses: readonly LoadedUse[],
  reach: Reach | undefined,
  problems: Problem[],
  incomplete: boolean,
): Collection {
  const into: Collection = {
    taps: [],
    facts: [],
    lifecycles: [],
    provided: [],
    listeners: [],
    tables: new TableRoom(),
    transportNames: [],
    marks: new Map(),
    incomplete,
  }
  const listed = byNeeds(uses, problems)
  for (const use of listed) applyOne(use, into, reach, uses, problems)
  // taps keep the order of the configuration, whoever was applied first
  const rank = new Map(uses.map((u, i) => [u.name, i]))
  into.taps.sort((a, b) => rank.get(a.use.name)! - rank.get(b.use.name)!)
  into.tables.takeApart(typesIn(into))
  return into
}

/** The kinds of tables that plugins provide, by name. */
export const typesIn = ({ provided }: Pick<Collection, 'provided'>): Map<string, TableType> =>
  new Map(provided.filter((p) => p.role.id === tableTypes.id).map((p) => [p.name!, p.impl as TableType]))

function applyOne(
  use: LoadedUse,
  into: Collection,
  reach: Reach | undefined,
  uses: readonly LoadedUse[],
  problems: Problem[],
): void {
  const { definition, bind } = use
  const place = { file: use.file, path: `${use.path}.${use.name}` }
  const own = checkOptions(definition.options, use.options, place)
  problems.push(...own.problems)
  const overrides = Object.entries(bind.onListener ?? {})
  const scoped = overrides.map(([listener, more]) => ({
    listener,
    checked: checkOptions(
      definition.options,
      { ...use.options, ...(more as object) },
      { file: use.file, path: `${use.path}.onListener.${listener}` },
    ),
  }))
  for (const s of scoped) problems.push(...s.checked.problems)
  problems.push(...checkNeeds(use, uses, into))
  if (!reach || own.value === undefined || scoped.some((s) => s.checked.value === undefined)) {
    into.incomplete = true
    return
  }
  const facts: UseFacts = {
    name: use.name,
    plugin: definition.name,
    package: use.package,
    version: use.version,
    where: `${use.file}: ${use.path}`,
    onFault: bind.onFault ?? 'defer',
    timeout: bind.timeout,
  }
  const needs = resolveNeeds(definition.needs as Needs, into)
  const run = (options: unknown, listener: string | undefined, override: boolean) => {
    const collector = new Collector(into, reach, {
      facts,
      bind,
      folder: use.folder,
      as: bind.as,
      listener,
      notIn: scoped.map((s) => s.listener),
      override,
    })
    try {
      const returned: unknown = definition.apply(collector.facade() as never, options, needs)
      if (returned instanceof Promise) {
        returned.catch(() => undefined)
        throw new TypeError('apply returned a promise; it must be synchronous: begin I/O in lifecycle start')
      }
    } catch (error) {
      into.incomplete = true
      problems.push({
        code: 'PN_APPLY',
        file: use.file,
        path: use.path,
        message: `${use.name}: ${textOf(error)}`,
      })
    }
    collector.freeze()
  }
  run(own.value, bind.listener, false)
  for (const s of scoped) run(s.checked.value, s.listener, true)
}

/** Uses in an order in which every provider comes before those who need its role. */
function byNeeds(uses: readonly LoadedUse[], problems: Problem[]): LoadedUse[] {
  const out: LoadedUse[] = []
  const state = new Map<LoadedUse, 'open' | 'done'>()
  const visit = (use: LoadedUse, chain: readonly string[]): void => {
    if (state.get(use) === 'done') return
    if (state.get(use) === 'open') {
      problems.push({
        code: 'PN_ORDER_CYCLE',
        file: use.file,
        path: use.path,
        message: `these plugins need each other: ${[...chain, use.name].join(' -> ')}`,
      })
      return
    }
    state.set(use, 'open')
    for (const role of Object.values(use.definition.needs as Needs)) {
      // what goes by name is looked up when it is used: two plugins may name each other's
      if (role.arity === 'named') continue
      for (const other of uses) if (other !== use && provides(other, role)) visit(other, [...chain, use.name])
    }
    state.set(use, 'done')
    out.push(use)
  }
  for (const use of uses) visit(use, [])
  return out
}
const provides = (use: LoadedUse, role: AnyRole) =>
  (use.definition.provides as readonly AnyRole[]).some((r) => r.id === role.id)

function checkNeeds(use: LoadedUse, uses: readonly LoadedUse[], into: Collection): Problem[] {
  if (into.incomplete) return []
  const missing = Object.entries(use.definition.needs as Needs).filter(
    ([key, role]) =>
      role.arity === 'one' &&
      !use.definition.optional.includes(key) &&
      !uses.some((u) => provides(u, role)) &&
      !into.provided.some((p) => p.role.id === role.id),
  )
  return missing.map(([, role]) => ({
    code: 'PN_NEED_MISSING' as const,
    file: use.file,
    path: use.path,
    message: `${use.name} needs a ${role.id}, and no plugin in use provides one${PROVIDERS[role.id] ? `: add "${PROVIDERS[role.id]}"` : ''}`,
  }))
}
function resolveNeeds(needs: Needs, into: Collection): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(needs).map(([key, role]) => [key, role.arity === 'one' ? implOf(role, into) : named(role, into)]),
  )
}
const implOf = (role: AnyRole, into: Collection): unknown => into.provided.find((p) => p.role.id === role.id)?.impl
/** Reads through to the collection: complete after the freeze. */
const named = (role: AnyRole, into: Collection): Named<unknown> => ({
  get: (name) => into.provided.find((p) => p.role.id === role.id && p.name === name)?.impl,
  names: () => into.provided.filter((p) => p.role.id === role.id).map((p) => p.name!),
})
