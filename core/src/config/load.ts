/** Finds and reads configuration files: extends below, the file itself, includes above; each value remembers its file. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { cosmiconfig, defaultLoaders } from 'cosmiconfig'
import type { Loaders } from 'cosmiconfig'
import { PosternError } from '../errors.ts'
import type { Problem } from '../errors.ts'
import { locate } from './locate.ts'
import { mergeUses } from './merge.ts'
import type { SourcedUse } from './merge.ts'
import { substitute } from './substitute.ts'
import type { Config } from './schema.ts'

export interface LoadOptions {
  /** the configuration file; default: postern.config.* in `cwd`, without looking further up */
  readonly path?: string
  readonly cwd?: string
  /** a configuration in memory instead of a file */
  readonly config?: Config
  /** what relative names in it are relative to */
  readonly folder?: string
  /** by file extension; the command line brings one for `.ts` */
  readonly loaders?: Loaders
  readonly env?: Readonly<Record<string, string | undefined>>
}
/** Raw values with where each came from; nothing is checked yet. */
export interface LoadedConfig {
  readonly file: string
  readonly folder: string
  readonly values: Readonly<Record<string, Sourced>>
  readonly uses: readonly SourcedUse[]
  readonly problems: readonly Problem[]
  /** read it again, for reload */
  again(): Promise<LoadedConfig>
}
export interface Sourced {
  readonly value: unknown
  readonly file: string
}
interface Layer {
  readonly file: string
  /** plugins and further files are looked for from here */
  readonly folder: string
  /** relative names in options: a package's preset speaks of the site's folder, not of its own */
  readonly site: string
  readonly config: Record<string, unknown>
}

export const SEARCH_PLACES = [
  'postern.config.ts',
  'postern.config.js',
  'postern.config.mjs',
  'postern.config.json',
  'postern.config.yaml',
  'postern.config.yml',
]

/** Throws PosternError when there is no file or it cannot be read; what is wrong in it is in `problems`. */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const reader = new Reader(options)
  const first = options.config ? embedded(options) : await reader.find()
  const layers = await reader.layers(first, [])
  const values: Record<string, Sourced> = {}
  const problems: Problem[] = []
  let uses: SourcedUse[] = []
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer.config)) {
      if (key === 'plugins') uses = mergeUses(uses, value, layer, problems)
      else if (key === 'vars') values.vars = { value: mergedVars(values.vars?.value, value), file: layer.file }
      else if (key !== 'extends' && key !== 'include') values[key] = { value, file: layer.file }
    }
  }
  return {
    file: first.file,
    folder: first.folder,
    ...substitute(values, uses, options.env ?? process.env, problems),
    problems,
    again: () => loadConfig(options),
  }
}

function embedded(options: LoadOptions): Layer {
  const folder = path.resolve(options.folder ?? options.cwd ?? '.')
  return { file: '(embedded)', folder, site: folder, config: { ...options.config } }
}

const isMap = (v: unknown): v is object => typeof v === 'object' && v !== null && !Array.isArray(v)
/** What is no map is left for the check to name. */
const mergedVars = (below: unknown, value: unknown): unknown =>
  isMap(value) && isMap(below) ? { ...below, ...value } : value

class Reader {
  readonly #options: LoadOptions
  readonly #cosmiconfig
  constructor(options: LoadOptions) {
    this.#options = options
    this.#cosmiconfig = cosmiconfig('postern', {
      searchPlaces: SEARCH_PLACES,
      // as root, a file further up may belong to somebody else
      searchStrategy: 'none',
      cache: false,
      loaders: { '.js': importFresh, '.mjs': importFresh, '.json': defaultLoaders['.json'], ...options.loaders },
    })
  }

  async find(): Promise<Layer> {
    const cwd = path.resolve(this.#options.cwd ?? '.')
    if (this.#options.path) return this.read(path.resolve(cwd, this.#options.path))
    const found = await this.guarded(cwd, () => this.#cosmiconfig.search(cwd))
    if (!found)
      throw new PosternError(
        'PN_CONFIG_NOT_FOUND',
        `looked for ${SEARCH_PLACES.join(', ')} in ${cwd}; "postern init" writes one`,
      )
    return this.layer(found.filepath, found.config)
  }
  async read(file: string): Promise<Layer> {
    const found = await this.guarded(file, () => this.#cosmiconfig.load(file))
    return this.layer(file, found?.config)
  }
  private layer(file: string, config: unknown, site = path.dirname(file)): Layer {
    if (typeof config !== 'object' || config === null || Array.isArray(config))
      throw new PosternError('PN_CONFIG_UNREADABLE', `${file}: expected an object at the top level`)
    return { file, folder: path.dirname(file), site, config: config as Record<string, unknown> }
  }
  private async guarded<T>(file: string, fn: () => Promise<T>): Promise<T> {
    try {
      return await fn()
    } catch (error) {
      if (error instanceof PosternError) throw error
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      throw new PosternError(
        missing ? 'PN_CONFIG_NOT_FOUND' : 'PN_CONFIG_UNREADABLE',
        `${file}: ${(error as Error).message}`,
        { cause: error },
      )
    }
  }
  /** Bottom first: what `extends` names, then the file, then what `include` names. */
  async layers(layer: Layer, chain: readonly string[]): Promise<Layer[]> {
    if (chain.includes(layer.file))
      throw new PosternError(
        'PN_CONFIG_UNREADABLE',
        `these files extend each other: ${[...chain, layer.file].join(' -> ')}`,
      )
    const below = await this.named(layer, 'extends', chain)
    const above = await this.named(layer, 'include', chain)
    return [...below, layer, ...above]
  }
  private async named(layer: Layer, key: 'extends' | 'include', chain: readonly string[]): Promise<Layer[]> {
    const names = [layer.config[key] ?? []].flat() as unknown[]
    const out: Layer[] = []
    for (const name of names) {
      if (typeof name !== 'string')
        throw new PosternError('PN_CONFIG_UNREADABLE', `${layer.file}: ${key}: expected file or package names`)
      const other = /^[./]/.test(name)
        ? await this.read(path.resolve(layer.folder, name))
        : await this.preset(name, layer, key)
      out.push(...(await this.layers(other, [...chain, layer.file])))
    }
    return out
  }
  private async preset(name: string, layer: Layer, key: string): Promise<Layer> {
    const file = locate(presetNames(name), [layer.folder])
    if (!file)
      throw new PosternError(
        'PN_CONFIG_NOT_FOUND',
        `${layer.file}: ${key}: no package ${presetNames(name).join(' or ')} is installed`,
      )
    const module = await this.guarded(file, () => import(pathToFileURL(file).href) as Promise<{ default: unknown }>)
    return this.layer(file, module.default, layer.site)
  }
}
/** `standard` is short for `@postern/preset-standard`. */
const presetNames = (name: string) => (name.startsWith('@') ? [name] : [`@postern/preset-${name}`, name])

/** A changed file is read again at reload; the modules it imports come from Node's cache. */
const importFresh = async (file: string): Promise<unknown> =>
  ((await import(`${pathToFileURL(file).href}?at=${Date.now()}`)) as { default: unknown }).default
