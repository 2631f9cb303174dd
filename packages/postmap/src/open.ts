/** Tables by the names of the command line. */
import path from 'node:path'
import type { DeskTable, TableDefinition } from '@postern/core'
import { UnknownType, tableLog, Tables } from '@postern/cli/tables'
import type { TypedSource } from '@postern/cli/tables'
import { configOf, resolveFrom } from './config.ts'
import { Fatal } from './fatal.ts'
import type { Command, Flags } from './flags.ts'

/** Types whose table is the text itself. */
const OF_TEXT = new Set(['hash', 'btree', 'dbm', 'lmdb', 'texthash'])
/** Those of them that Postfix compiles, from a text in the format of aliases(5) for postalias. */
const COMPILED = new Set(['hash', 'btree', 'dbm', 'lmdb', 'cdb'])

/** `type:name` */
export class Named {
  readonly type: string
  readonly rest: string
  constructor(text: string) {
    const at = text.indexOf(':')
    this.type = text.slice(0, Math.max(at, 0))
    this.rest = text.slice(at + 1)
  }
  get name(): string {
    return `${this.type}:${this.rest}`
  }
  get file(): string {
    return path.resolve(this.rest)
  }
  get isText(): boolean {
    return OF_TEXT.has(this.type)
  }
  definition(command: Command): TableDefinition {
    return command === 'postalias' && COMPILED.has(this.type)
      ? { type: this.type, file: this.rest, format: 'aliases' }
      : this.name
  }
}

export class Opener {
  readonly #tables: Tables
  readonly #command: Command
  private constructor(tables: Tables, command: Command) {
    this.#tables = tables
    this.#command = command
  }
  static async for(flags: Flags, say: (text: string) => void): Promise<Opener> {
    const least = flags.verbose > 1 ? 'debug' : flags.verbose === 1 ? 'info' : 'warn'
    const log = tableLog((text) => say(`warning: ${text}`), least)
    return new Opener(new Tables(await configOf(flags.config), { log, resolveFrom: resolveFrom() }), flags.command)
  }
  /** Throws Fatal when it cannot be used. */
  async open(named: Named): Promise<DeskTable> {
    const table = await this.#typed(named, (definition) => this.#tables.open(definition, process.cwd()))
    if (table.problem === undefined) return table
    throw new Fatal(table.problem)
  }
  type(named: Named): Promise<TypedSource> {
    return this.#typed(named, (definition) => this.#tables.type(definition, process.cwd()))
  }
  close(): Promise<void> {
    return this.#tables.close()
  }
  async #typed<T>(named: Named, ask: (definition: TableDefinition) => Promise<T>): Promise<T> {
    if (named.rest === '' || !/^[a-z][\w-]*$/i.test(named.type))
      throw new Fatal(`open dictionary: expecting "type:name" form instead of "${named.name}"`)
    try {
      return await ask(named.definition(this.#command))
    } catch (error) {
      if (!(error instanceof UnknownType)) throw error
      throw new Fatal(`unsupported dictionary type: ${error.type}${error.package ? `: install ${error.package}` : ''}`)
    }
  }
}
