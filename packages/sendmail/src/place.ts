/** Where the mail system is, found without reading a configuration: that would cost more than the rest of a call. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { EX, Fatal } from './fatal.ts'

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

/** The spool folder of -C, of MAIL_CONFIG, of POSTERN_SPOOL, of /etc/postern/sendmail.json, or /var/spool/postern. */
export async function spoolOf(config: string | undefined): Promise<string> {
  const named = config ?? (process.env.MAIL_CONFIG || undefined)
  if (named !== undefined) return pointedBy(named) ?? (await configured(named))
  return process.env.POSTERN_SPOOL || pointedBy(DEFAULT_CONFIG) || DEFAULT_SPOOL
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
async function configured(config: string): Promise<string> {
  const { configSchema, loadConfig } = await import('@postern/core')
  try {
    const loaded = await loadConfig(isFolder(config) ? { cwd: config } : { path: config })
    return resolve(loaded.folder, configSchema.shape.spool.parse(loaded.values.spool?.value))
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
