/** The folder that postconf reads, and what is remarked on it. */
import { join } from 'node:path'
import {
  Parameters,
  parseMainCf,
  readMainCf,
  readMasterCf,
  undefinedNames,
  unknownNames,
} from '@postern/postfix-config'
import type { MainCf, MasterCf, Override, Problem } from '@postern/postfix-config'
import { Fatal, systemText } from '@postern/sendmail/queue'
import type { Say } from '../program.ts'

export interface Folder {
  readonly main: MainCf
  readonly master: MasterCf
  readonly parameters: Parameters
}
const DEFAULT_FOLDER = '/etc/postfix'

const OF_PROCESS = new Map([
  ['process_name', 'postconf'],
  ['process_id', String(process.pid)],
])

/** -c, MAIL_CONFIG, or Postfix's own folder, as it was written. */
export const folderName = (config: string | undefined): string => config ?? (process.env.MAIL_CONFIG || DEFAULT_FOLDER)

/** `name=value` of the command line. Throws Fatal. */
export function overrideOf(text: string): Override {
  const { entries, problems } = parseMainCf(text.trimStart(), '')
  const [entry] = entries
  if (entry) return entry
  const problem = problems[0]?.text.replace(/: ".*$/s, '') ?? 'missing attribute name'
  throw new Fatal(`invalid parameter override: ${text}: ${problem}`)
}

/** `defaults`: what main.cf says does not count, and it need not be there. Throws Fatal on what Postfix does not start with. */
export async function readFolder(
  dir: string,
  overrides: readonly Override[],
  defaults: boolean,
  say: Say,
): Promise<Folder> {
  const file = join(defaults ? DEFAULT_FOLDER : dir, 'main.cf')
  const read = defaults ? parseMainCf('', file) : await readMainCf(dir).catch(cannotOpen(file))
  const main = defaults ? read : withOverrides(read, dir, overrides)
  remark(main.problems, say)
  const master = await masterOf(dir, say)
  return { main, master, parameters: new Parameters(main, [], { services: master.services }, OF_PROCESS) }
}
/** They count as if main.cf said them last; so does the folder, where it is not the usual one. */
function withOverrides(main: MainCf, dir: string, overrides: readonly Override[]): MainCf {
  const named = dir === DEFAULT_FOLDER ? [] : [{ name: 'config_directory', value: dir }]
  const more = [...overrides, ...named].map(({ name, value }) => ({ name, value, file: main.file, line: 0 }))
  const last = new Map([...main.last, ...more.map((entry) => [entry.name, entry] as const)])
  return { ...main, entries: [...main.entries, ...more], last }
}
/** Postfix's postconf does without a master.cf. */
async function masterOf(dir: string, say: Say): Promise<MasterCf> {
  const file = join(dir, 'master.cf')
  try {
    const master = await readMasterCf(dir)
    const fatal = master.problems.find((p) => p.fatal)
    if (fatal) throw new Fatal(`${fatal.file}, line ${fatal.line}: ${fatal.text}`)
    return master
  } catch (error) {
    if (error instanceof Fatal) throw error
    say(`warning: open ${file}: ${systemText(error)}`)
    return { file, entries: [], services: [], problems: [] }
  }
}
const cannotOpen = (file: string) => (error: Error) => {
  throw new Fatal(`open ${file}: ${systemText(error)}`)
}
function remark(problems: readonly Problem[], say: Say): void {
  for (const { file, line, text, fatal } of problems) {
    if (fatal) throw new Fatal(`${file}, line ${line}: ${text}`)
    say(`warning: ${file}, line ${line}: ${text}`)
  }
}

/** Names that values ask for and nobody defines. */
export function remarkUndefined({ main, master }: Folder, say: Say): void {
  const inMain = new Set(undefinedNames(main, { ...master, services: [] }))
  for (const name of undefinedNames(main, master))
    say(`warning: ${inMain.has(name) ? main.file : master.file}: undefined parameter: ${name}`)
}
/** Names that nothing reads. */
export function remarkUnused({ main, master }: Folder, say: Say, withMain: boolean): void {
  for (const { name, value, service } of unknownNames(main, master))
    if (service) say(`warning: ${master.file}: unused parameter: ${name}=${value}`)
    else if (withMain) say(`warning: ${main.file}: unused parameter: ${name}=${value}`)
}
