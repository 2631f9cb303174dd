/** Whose plugins open tables: those of -c, of MAIL_CONFIG, of /etc/postern; without a configuration, or by a Postfix folder, the bundled ones. */
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SEARCH_PLACES, loadConfig } from '@postern/core'
import type { LoadedConfig } from '@postern/core'
import { bundledFrom, findConfig } from '@postern/cli/tables'
import { Fatal } from './fatal.ts'

const DEFAULT = '/etc/postern'
const MAIN_CF = 'main.cf'
/** of a table that is named without one; Postfix's default_database_type */
const DEFAULT_TYPE = 'hash'

/** Never the working folder's: root may stand in somebody else's. `named`: a file or a folder. Throws Fatal when there is none in it. */
export async function configOf(named: string | undefined): Promise<LoadedConfig> {
  const place = placeOf(named)
  const file = fileOf(place ?? DEFAULT)
  if (file !== undefined) return (await findConfig(file)).loaded
  if (place !== undefined && !postfixFolder(place))
    throw new Fatal(`open ${place}: no postern.config.yaml, .json, .js, .mjs or .ts there`)
  return loadConfig({ config: { myhostname: 'localhost', plugins: [] }, folder: process.cwd() })
}
/** The type of a table that is named without one: a Postfix folder may have another than the usual. Throws Fatal. */
export async function defaultType(named: string | undefined): Promise<string> {
  const folder = postfixFolder(placeOf(named) ?? DEFAULT)
  if (folder === undefined) return DEFAULT_TYPE
  const { Parameters, readMainCf } = await import('@postern/postfix-config')
  return new Parameters(await readMainCf(folder)).get('default_database_type')
}
const placeOf = (named: string | undefined): string | undefined => named ?? (process.env.MAIL_CONFIG || undefined)
/** Where the configuration is Postfix's: Postern's own goes before. */
function postfixFolder(place: string): string | undefined {
  if (path.basename(place) === MAIN_CF) return path.dirname(place)
  return fileOf(place) === undefined && existsSync(path.join(place, MAIN_CF)) ? place : undefined
}
function fileOf(place: string): string | undefined {
  const found = statSync(place, { throwIfNoEntry: false })
  if (!found?.isDirectory()) return found && path.basename(place) !== MAIN_CF ? place : undefined
  return SEARCH_PLACES.map((name) => path.join(place, name)).find((file) => existsSync(file))
}
export const resolveFrom = (): string[] => [path.dirname(fileURLToPath(import.meta.url)), ...bundledFrom()]
