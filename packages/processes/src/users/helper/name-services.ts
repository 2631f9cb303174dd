/**
 * Was a name that getent(1) did not find asked for in vain, or asked of nobody? getent says the same (exit code 2) when a
 * service of nsswitch.conf(5) is down, and mail for its users would be returned.
 */
import * as fs from 'node:fs'

const CONFIGURATION = '/etc/nsswitch.conf'
/** they read files or compute: nothing of them can be away */
const LOCAL = new Set(['files', 'compat', 'db', 'systemd', 'altfiles', 'extrausers', 'mymachines'])

/** Services of users that may be down, in the order of the file. Throws the system's errors. */
export function remoteServices(): string[] {
  let text: string
  try {
    text = fs.readFileSync(CONFIGURATION, 'utf8')
  } catch (error) {
    // without one the C library asks its files
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return servicesIn(text).filter((name) => !LOCAL.has(name))
}
/** Of the line `passwd:`, without its actions (`[NOTFOUND=return]`). */
export function servicesIn(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, ''))
  const said = lines.map((line) => /^\s*passwd:(.*)$/i.exec(line)?.[1]).find((line) => line !== undefined) ?? ''
  return said
    .replace(/\[[^\]]*\]/g, ' ')
    .split(/\s+/)
    .filter(Boolean)
}
/**
 * Arguments of getent(1) that end with 0 if the service answers, whatever it answers, and with 2 if it does not: where
 * it does not have the name, the files are asked, and they have it; a service that is away ends the search.
 */
export const probeOf = (service: string): string[] => [
  '-s',
  `passwd:${service} [UNAVAIL=return TRYAGAIN=return NOTFOUND=continue] files`,
  'passwd',
  '--',
  nameInFiles(),
]
/** Not root: some services never ask for that. Throws where there is none. */
function nameInFiles(): string {
  const names = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[0]!)
  const name = names.find((n) => /^[a-z_][a-z0-9_-]*$/.test(n) && n !== 'root')
  if (name === undefined) throw new Error('/etc/passwd has nobody to ask for')
  return name
}
