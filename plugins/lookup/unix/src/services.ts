/**
 * Was a name that getent(1) did not find asked for in vain, or asked of nobody? It ends with 2 too when a service of
 * nsswitch.conf(5) is down, and mail for its users would be refused.
 */
import { readFile } from 'node:fs/promises'

export type Database = 'passwd' | 'group'

const CONFIGURATION = '/etc/nsswitch.conf'
/** they read files or compute: nothing of them can be away */
const LOCAL = new Set(['files', 'compat', 'db', 'systemd', 'altfiles', 'extrausers', 'mymachines'])

/** Services of a database that may be down, in the order of the file. Rejects with the system's errors. */
export async function remoteServices(database: Database): Promise<string[]> {
  let text: string
  try {
    text = await readFile(CONFIGURATION, 'utf8')
  } catch (error) {
    // without one the C library asks its files
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return servicesIn(text, database).filter((name) => !LOCAL.has(name))
}
/** Of the database's line, without its actions (`[NOTFOUND=return]`). */
export function servicesIn(text: string, database: Database): string[] {
  const line = new RegExp(`^\\s*${database}:(.*)$`, 'i')
  const lines = text.split('\n').map((one) => one.replace(/#.*$/, ''))
  const said = lines.map((one) => line.exec(one)?.[1]).find((one) => one !== undefined) ?? ''
  return said
    .replace(/\[[^\]]*\]/g, ' ')
    .split(/\s+/)
    .filter(Boolean)
}
/**
 * Arguments of getent(1) that end with 0 if the service answers, whatever it answers, and with 2 if it does not: where it
 * does not have the name, the files are asked, and they have it; a service that is away ends the search.
 */
export const probeOf = async (database: Database, service: string): Promise<string[]> => [
  '-s',
  `${database}:${service} [UNAVAIL=return TRYAGAIN=return NOTFOUND=continue] files`,
  database,
  '--',
  await nameInFiles(database),
]
/** Not root: some services never ask for that. Rejects where there is none. */
async function nameInFiles(database: Database): Promise<string> {
  const names = (await readFile(`/etc/${database}`, 'utf8')).split('\n').map((line) => line.split(':')[0]!)
  const name = names.find((one) => /^[a-z_][a-z0-9_-]*$/.test(one) && one !== 'root')
  if (name === undefined) throw new Error(`/etc/${database} has nobody to ask for`)
  return name
}
