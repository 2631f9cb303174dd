/** Whose plugins open tables: those of -c, of MAIL_CONFIG, of /etc/postern; without a configuration, the bundled ones. */
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SEARCH_PLACES, loadConfig } from '@postern/core'
import type { LoadedConfig } from '@postern/core'
import { bundledFrom, findConfig } from '@postern/cli/tables'
import { Fatal } from './fatal.ts'

const DEFAULT = '/etc/postern'

/** Never the working folder's: root may stand in somebody else's. `named`: a file or a folder. Throws Fatal when there is none in it. */
export async function configOf(named: string | undefined): Promise<LoadedConfig> {
  const place = named ?? (process.env.MAIL_CONFIG || undefined)
  const file = fileOf(place ?? DEFAULT)
  if (file !== undefined) return (await findConfig(file)).loaded
  if (place !== undefined) throw new Fatal(`open ${place}: no postern.config.yaml, .json, .js, .mjs or .ts there`)
  return loadConfig({ config: { myhostname: 'localhost', plugins: [] }, folder: process.cwd() })
}
function fileOf(place: string): string | undefined {
  const found = statSync(place, { throwIfNoEntry: false })
  if (!found?.isDirectory()) return found && place
  return SEARCH_PLACES.map((name) => path.join(place, name)).find((file) => existsSync(file))
}
export const resolveFrom = (): string[] => [path.dirname(fileURLToPath(import.meta.url)), ...bundledFrom()]
