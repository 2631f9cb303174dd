/** Where the mail system is, found without reading a configuration: that would cost more than the rest of a call. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { EX, Fatal } from './fatal.ts'
import { parametersOf } from './postfix.ts'

/** What the daemon tells about itself in `drop.json` of its spool. */
export interface SiteFacts {
  readonly myhostname: string
  readonly mailName: string
  /** bytes; 0: no limit */
  readonly messageSizeLimit: number
  readonly authorizedSubmitUsers: readonly string[]
}

const DEFAULT_SPOOL = '/var/spool/postern'
const DEFAULT_CONFIG = '/etc/postern'
/** `{ "spool": "/path" }`, for spools elsewhere */
const POINTER = 'sendmail.json'
const DEFAULT_POSTFIX = '/etc/postfix'
const MAIN_CF = 'main.cf'
const OWN_CONFIG = 'postern.config.'

/** Where the mail system is, and which folder of Postfix's is its configuration, where one is. */
export interface Place {
  /** absolute */
  readonly spool: string
  /** the folder of main.cf and master.cf */
  readonly postfix?: string
  /** the configuration file, where it is known: main.cf, or Postern's own */
  readonly config?: string
}

/**
 * That of -C (-c), of MAIL_CONFIG, of POSTERN_SPOOL, of /etc/postern. Without any of them /etc/postfix, where a Postern has run with
 * that folder, or /var/spool/postern. Throws Fatal.
 */
export async function placeOf(config: string | undefined): Promise<Place> {
  const named = config ?? (process.env.MAIL_CONFIG || undefined)
  if (named !== undefined) {
    const spool = pointedBy(named)
    if (spool !== undefined) return { spool }
    const postfix = postfixFolder(named)
    return postfix === undefined ? configured(named) : ofPostfix(postfix)
  }
  const spool = process.env.POSTERN_SPOOL || pointedBy(DEFAULT_CONFIG)
  if (spool) return { spool }
  const postfix = isFolder(DEFAULT_CONFIG) || isFolder(DEFAULT_SPOOL) ? undefined : postfixFolder(DEFAULT_POSTFIX)
  const place = postfix === undefined ? undefined : await ofPostfix(postfix)
  return place && isFolder(place.spool) ? place : { spool: DEFAULT_SPOOL }
}
export const spoolOf = async (config: string | undefined): Promise<string> => (await placeOf(config)).spool

/** The folder that `config` names, itself or by its main.cf, where its configuration is Postfix's: Postern's own goes before. */
export function postfixFolder(config: string): string | undefined {
  const folder = basename(config) === MAIN_CF ? dirname(config) : config
  if (!existsSync(join(folder, MAIN_CF))) return undefined
  const own = folder === config && readdirSync(folder).some((name) => name.startsWith(OWN_CONFIG))
  return own ? undefined : resolve(folder)
}
async function ofPostfix(postfix: string): Promise<Place> {
  const { spoolOf } = await import('@postern/postfix-config')
  return { spool: spoolOf(await parametersOf(postfix)), postfix, config: join(postfix, MAIN_CF) }
}

function pointedBy(config: string): string | undefined {
  const folder = isFolder(config) ? config : dirname(config)
  const file = join(folder, POINTER)
  const text = readText(file)
  if (text === undefined) return undefined
  try {
    const { spool } = JSON.parse(text) as { spool?: unknown }
    if (typeof spool === 'string' && spool !== '') return resolve(folder, spool)
  } catch {
    // said below
  }
  throw new Fatal(`${file}: expected { "spool": "/path/of/the/spool/folder" }`)
}
async function configured(config: string): Promise<Place> {
  if (!existsSync(config)) throw new Fatal(`open ${config}/${MAIN_CF}: No such file or directory`)
  const { configSchema, loadConfig } = await import('@postern/core')
  try {
    const loaded = await loadConfig(isFolder(config) ? { cwd: config } : { path: config })
    const spool = configSchema.shape.spool.parse(loaded.values.spool?.value)
    return { spool: resolve(loaded.folder, spool), config: loaded.file }
  } catch (error) {
    const hint = `put { "spool": "/path" } into ${POINTER} beside it`
    throw new Fatal(`${config}: no spool folder found (${(error as Error).message}); ${hint}`)
  }
}

/** `undefined` when no daemon with a drop folder has ever run on this spool. */
export function siteFacts(spool: string): SiteFacts | undefined {
  const text = readText(join(spool, 'drop.json'))
  try {
    return text === undefined ? undefined : (JSON.parse(text) as SiteFacts)
  } catch (error) {
    throw new Fatal(`${join(spool, 'drop.json')}: ${(error as Error).message}`, EX.TEMPFAIL)
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Fatal((error as Error).message)
  }
}
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
