/**
 * Was a name that getent(1) did not find asked for in vain, or asked of nobody? getent says the same (exit code 2) when a
 * service of nsswitch.conf(5) is down, and mail for its users would be returned or refused.
 */
import * as fs from 'node:fs'
import { readFile } from 'node:fs/promises'

export type NameDatabase = 'passwd' | 'group'

const CONFIGURATION = '/etc/nsswitch.conf'
/** they read files or compute: nothing of them can be away */
const LOCAL = new Set(['files', 'compat', 'db', 'systemd', 'altfiles', 'extrausers', 'mymachines'])

/** Services of a database that may be down, in the order of the file. Rejects with the system's errors. */
export async function remoteServices(database: NameDatabase): Promise<string[]> {
  return remoteIn(await readFile(CONFIGURATION, 'utf8').catch(noFile), database)
}
/** The same at once, for the helper, which does one thing after the other. */
export function remoteServicesSync(database: NameDatabase): string[] {
  let text: string
  try {
    text = fs.readFileSync(CONFIGURATION, 'utf8')
  } catch (error) {
    text = noFile(error)
  }
  return remoteIn(text, database)
}
/** Without one the C library asks its files. */
function noFile(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
  throw error
}
const remoteIn = (text: string, database: NameDatabase) => servicesIn(text, database).filter((name) => !LOCAL.has(name))

/** Of the database's line, without its actions (`[NOTFOUND=return]`). */
export function servicesIn(text: string, database: NameDatabase): string[] {
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
 * does not have the name, the files are asked, and they have it; a service that is away ends the search. Rejects where
 * the files have nobody to ask for.
 */
export async function probeOf(database: NameDatabase, service: string): Promise<string[]> {
  return probe(database, service, await readFile(`/etc/${database}`, 'utf8'))
}
export const probeOfSync = (database: NameDatabase, service: string): string[] =>
  probe(database, service, fs.readFileSync(`/etc/${database}`, 'utf8'))

function probe(database: NameDatabase, service: string, file: string): string[] {
  const names = file.split('\n').map((line) => line.split(':')[0]!)
  // not root: some services never ask for that
  const name = names.find((one) => /^[a-z_][a-z0-9_-]*$/.test(one) && one !== 'root')
  if (name === undefined) throw new Error(`/etc/${database} has nobody to ask for`)
  const order = `${database}:${service} [UNAVAIL=return TRYAGAIN=return NOTFOUND=continue] files`
  return ['-s', order, database, '--', name]
}
