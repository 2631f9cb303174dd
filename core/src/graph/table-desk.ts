/** Tables without a node: for commands that query, build, edit or list one. Only plugins that provide table types run. */
import { systemClock } from '../contract/clock.ts'
import type { Clock } from '../contract/clock.ts'
import { logger } from '../contract/log.ts'
import type { LogSink } from '../contract/log.ts'
import type { Table, TableContext, TableDefinition, TableEntry, TableSource, TableType } from '../contract/lookup.ts'
import { tableRefOf } from '../contract/options.ts'
import { tableTypes } from '../contract/roles.ts'
import { checkSettings, siteOf } from '../config/settings.ts'
import { loadPlugins } from '../config/plugins.ts'
import type { LoadedConfig } from '../config/load.ts'
import { PosternError } from '../errors.ts'
import type { Problem } from '../errors.ts'
import type { UseFacts } from '../hooks/record.ts'
import { nearest } from '../nearest.ts'
import { LocalShared, noSockets, noUsers } from '../shared.ts'
import { applyAll, typesIn } from './apply.ts'
import type { Collection, Reach } from './collector.ts'
import { Keeper, Pantry } from './keeper.ts'
import { TableRoom } from './tables.ts'
import type { TableHandle } from './tables.ts'

export interface TableDeskOptions {
  readonly log: LogSink
  readonly clock?: Clock
  /** more folders to look for plugins in */
  readonly resolveFrom?: readonly string[]
}
/** A table that a command opened. */
export interface DeskTable extends Table {
  /** why each request fails, if so */
  readonly problem: string | undefined
  /** `undefined`: the type cannot list */
  entries(): AsyncIterable<TableEntry> | Iterable<TableEntry> | undefined
}
const COMMAND: UseFacts = {
  name: 'command',
  plugin: 'command',
  package: '@postern/core',
  version: '',
  where: '(command)',
  onFault: 'defer',
  timeout: undefined,
}
const noNode = () => {
  throw new Error('there is no node behind this table')
}
/** What a table type may ask of a node that is not there. */
const NO_NODE: Pick<Reach, 'submit' | 'resolve' | 'background' | 'queue' | 'shared' | 'sockets' | 'users'> = {
  submit: noNode,
  resolve: noNode,
  background: noNode,
  queue: new Proxy({}, { get: noNode }) as Reach['queue'],
  shared: new LocalShared(systemClock),
  sockets: noSockets,
  users: noUsers,
}

export class TableDesk {
  readonly #collection: Collection
  readonly #clock: Clock
  readonly #sink: LogSink
  readonly #keeper: Keeper
  readonly #tables = new Map<string, Promise<TableHandle>>()
  readonly #rooms: TableRoom[] = []

  private constructor(collection: Collection, keeper: Keeper, sink: LogSink, clock: Clock) {
    this.#collection = collection
    this.#keeper = keeper
    this.#sink = sink
    this.#clock = clock
  }
  /** Throws PosternError when a plugin that provides tables cannot be loaded or its options are wrong. */
  static async open(loaded: LoadedConfig, options: TableDeskOptions): Promise<TableDesk> {
    const clock = options.clock ?? systemClock
    const { settings, problems } = checkSettings(loaded)
    const plugins = await loadPlugins(loaded.uses, options.resolveFrom ?? [])
    const uses = plugins.uses.filter((use) => use.definition.provides.some((role) => role.id === tableTypes.id))
    const keeper = new Keeper(new Pantry())
    const all: Problem[] = [...loaded.problems, ...problems, ...plugins.problems]
    const reach: Reach | undefined = settings && {
      ...NO_NODE,
      site: siteOf(settings),
      clock,
      keeper,
      log: (use) => logger(() => options.log, { use }),
    }
    const collection = applyAll(uses, reach, all, false)
    if (all.length > 0)
      throw new PosternError('PN_CONFIG_INVALID', all.map((p) => p.message).join('\n'), { problems: all })
    const desk = new TableDesk(collection, keeper, options.log, clock)
    keeper.join()
    for (const { hooks } of collection.lifecycles) await hooks.start?.(new AbortController().signal)
    return desk
  }

  /** Kinds of tables that can be opened. */
  types(): string[] {
    return [...typesIn(this.#collection).keys()].sort()
  }
  /** The type and source of a table that is not opened: enough to build or edit one. Throws PosternError for an unknown type. */
  type(definition: TableDefinition, folder: string): { type: TableType; source: TableSource } {
    const ref = tableRefOf(definition)
    const type = typesIn(this.#collection).get(ref.type)
    if (!type) {
      const message = `no plugin provides tables of the type "${ref.type}"; there are: ${this.types().join(', ')}`
      const suggestion = nearest(ref.type, this.types())
      const problem: Problem = { code: 'PN_TABLE_UNKNOWN', file: '', path: '', message, suggestion }
      throw new PosternError('PN_TABLE_UNKNOWN', message, { problems: [problem] })
    }
    return { type, source: { spec: ref.spec, where: COMMAND.where, folder } }
  }
  /** Opens a table once, and those that it is made of. One that cannot be opened says so in `problem`, and fails each request. */
  table(definition: TableDefinition, folder: string): Promise<DeskTable> {
    const key = `${folder}\0${JSON.stringify(definition)}`
    const table = this.#tables.get(key) ?? this.#open(definition, folder)
    this.#tables.set(key, table)
    return table
  }
  async #open(definition: TableDefinition, folder: string): Promise<TableHandle> {
    this.type(definition, folder)
    const room = new TableRoom()
    const handle = room.named(tableRefOf(definition), folder, COMMAND)
    const types = typesIn(this.#collection)
    room.takeApart(types)
    for (const part of room.all()) this.type(`${part.type}:`, folder)
    this.#rooms.push(room)
    await room.open(
      types,
      logger(() => this.#sink),
      this.#clock,
    )
    return handle
  }
  /** For `build` and `edit`. */
  context(): TableContext {
    return { log: logger(() => this.#sink), clock: this.#clock, parts: [] }
  }
  async close(): Promise<void> {
    for (const room of this.#rooms) for (const table of room.all()) await table.close()
    for (const { hooks } of [...this.#collection.lifecycles].reverse()) await hooks.stop?.()
    await this.#keeper.release(logger(() => this.#sink))
  }
}
