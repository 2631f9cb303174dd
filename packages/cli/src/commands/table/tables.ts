/** Tables for commands: opened without a node, by as few plugins as will do. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { PosternError, TableDesk, loadConfig, nearest, tableRefOf } from '@postern/core'
import type {
  DeskTable,
  LoadedConfig,
  LogSink,
  TableContext,
  TableDefinition,
  TableSource,
  TableType,
} from '@postern/core'
import { CommandError, EX } from '../../exit.ts'
import { BUNDLED } from './types.ts'

export interface TablesOptions {
  readonly log: LogSink
  /** folders that see the bundled plugins */
  readonly resolveFrom: readonly string[]
}
/** No plugin provides this type of table. */
export class UnknownType extends CommandError {
  readonly type: string
  /** what must be installed, where a package is known that provides it */
  readonly package: string | undefined
  constructor(type: string, known: readonly string[], missing: string | undefined) {
    const near = nearest(type, known)
    const what = `no plugin provides tables of the type "${type}"`
    const meant = near === undefined ? '' : ` (did you mean "${near}"?)`
    super(EX.CONFIG, missing ? `${what}: install ${missing}` : `${what}${meant}; there are: ${known.join(', ')}`)
    this.type = type
    this.package = missing
  }
}
type Use = LoadedConfig['uses'][number]
/** Enough to build or edit a table that is not opened. */
export interface TypedSource {
  readonly type: TableType
  readonly source: TableSource
  readonly context: TableContext
}

/**
 * Asks for plugins type by type: first the configuration's use of the package that provides the type among the bundled ones,
 * then what is named like a lookup plugin, then all others, and last the bundled package itself.
 */
export class Tables {
  readonly #loaded: LoadedConfig
  readonly #options: TablesOptions
  #uses: readonly Use[] = []
  /** a new one for more plugins; tables stay with the one that opened them */
  readonly #desks: TableDesk[] = []
  #isStale = true

  constructor(loaded: LoadedConfig, options: TablesOptions) {
    this.#loaded = loaded
    this.#options = options
  }
  /** One that cannot be opened says so in `problem`. Throws UnknownType; TypeError for what is no definition; PosternError for a plugin that cannot be used. */
  open(definition: TableDefinition, folder: string): Promise<DeskTable> {
    return this.#with(definition, (desk) => desk.table(definition, folder))
  }
  /** Throws as `open` does. */
  type(definition: TableDefinition, folder: string): Promise<TypedSource> {
    return this.#with(definition, async (desk) => ({ ...desk.type(definition, folder), context: desk.context() }))
  }
  /** Types that the configuration's plugins provide. */
  async types(): Promise<readonly string[]> {
    this.#add(this.#loaded.uses)
    return (await this.#desk()).types()
  }
  async close(): Promise<void> {
    for (const desk of this.#desks.splice(0)) await desk.close()
    this.#isStale = true
  }

  async #with<T>(definition: TableDefinition, ask: (desk: TableDesk) => Promise<T>): Promise<T> {
    const { type } = tableRefOf(definition)
    if (this.#uses.length === 0) await this.#more(type)
    for (;;) {
      try {
        return await ask(await this.#desk())
      } catch (error) {
        const unknown = unknownIn(error)
        if (unknown === undefined) throw error
        await this.#more(unknown)
      }
    }
  }
  async #desk(): Promise<TableDesk> {
    if (this.#isStale) this.#desks.push(await TableDesk.open({ ...this.#loaded, uses: this.#uses }, this.#options))
    this.#isStale = false
    return this.#desks.at(-1)!
  }
  /** The next plugins that may provide the type. */
  async #more(type: string): Promise<void> {
    const { uses } = this.#loaded
    const name = BUNDLED.get(type)
    const steps = [uses.filter((u) => name !== undefined && isOf(u, name)), uses.filter(isLookup), uses]
    if (steps.some((step) => this.#add(step))) return
    if (name === undefined || this.#uses.some((u) => isOf(u, name)))
      throw new UnknownType(type, [...new Set([...(await this.types()), ...BUNDLED.keys()])], undefined)
    if (!isInstalled(name, [this.#loaded.folder, ...this.#options.resolveFrom])) throw new UnknownType(type, [], name)
    const bare = await loadConfig({ config: { plugins: [name] }, folder: this.#loaded.folder })
    this.#add(bare.uses)
  }
  /** Whether one of them is new. */
  #add(uses: readonly Use[]): boolean {
    const fresh = uses.filter((u) => !this.#uses.includes(u))
    if (fresh.length === 0) return false
    this.#uses = [...this.#uses, ...fresh]
    return (this.#isStale = true)
  }
}

const nameOf = (use: Use): string => (typeof use.plugin === 'string' ? use.plugin : use.plugin.definition.name)
const bare = (name: string): string => path.basename(name).replace(/^postern-plugin-/, '')
const isLookup = (use: Use): boolean => bare(nameOf(use)).startsWith('lookup-')
const isOf = (use: Use, name: string): boolean => nameOf(use) === name || nameOf(use) === bare(name)

/** The type in a desk's complaint: the one that was asked for, or that of a part. */
function unknownIn(error: unknown): string | undefined {
  if (!(error instanceof PosternError) || error.code !== 'PN_TABLE_UNKNOWN') return undefined
  return /of the type "([^"]*)"/.exec(error.message)?.[1]
}
export function isInstalled(name: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    try {
      createRequire(path.join(folder, 'x.js')).resolve(`${name}/package.json`)
      return true
    } catch {
      return false
    }
  })
}
