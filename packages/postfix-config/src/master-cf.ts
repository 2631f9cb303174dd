/** master.cf: one service a logical line. Problems are said as Postfix's master says them. */
import { basename, join } from 'node:path'
import { endpointOf } from './endpoint.ts'
import { logicalLines, readText } from './lines.ts'
import type { Problem } from './problem.ts'
import { readArguments } from './service-arguments.ts'
import type { Override } from './service-arguments.ts'
import { BLANKS, words } from './text.ts'

export const SERVICE_TYPES = ['inet', 'unix', 'fifo', 'pass', 'unix-dgram'] as const
export type ServiceType = (typeof SERVICE_TYPES)[number]

export interface Service {
  readonly name: string
  readonly type: ServiceType
  readonly private: boolean
  readonly unprivileged: boolean
  /** absent: `-`, which is y below compatibility level 1 and n from there on */
  readonly chroot?: boolean
  /** seconds; 0 never */
  readonly wakeup: number
  /** `?` behind the seconds: only once the service has been used */
  readonly wakeupIfUsed: boolean
  /** 0: no limit; absent: default_process_limit */
  readonly maxproc?: number
  /** as written, most often a name in daemon_directory */
  readonly command: string
  /** everything behind the command, braces taken off, `-oname=value` in two: what the program is called with */
  readonly args: readonly string[]
  /** the -o of it, in order; the last of a name counts */
  readonly overrides: readonly Override[]
  /** behind the options: what pipe(8) and spawn(8) read as their attributes */
  readonly attributes: readonly string[]
  /** the eight fields as written */
  readonly fields: readonly string[]
  readonly line: number
  readonly file: string
}
export interface MasterCf {
  readonly file: string
  /** what the file has, in order */
  readonly entries: readonly Service[]
  /** what counts: of entries with one name and type the last, in the first one's place */
  readonly services: readonly Service[]
  readonly problems: readonly Problem[]
}

/** Rejects as readFile does. */
export async function readMasterCf(dir: string): Promise<MasterCf> {
  const file = join(dir, 'master.cf')
  return parseMasterCf(await readText(file), file)
}

/** Never throws: what is wrong is in `problems`, and the other services count. */
export function parseMasterCf(text: string, file = 'master.cf'): MasterCf {
  const { lines, problems } = logicalLines(text, file)
  const entries: Service[] = []
  const services = new Map<string, Service>()
  for (const { text: whole, line } of lines) {
    const say = (text: string, fatal: boolean) => problems.push({ file, line, text, fatal })
    const service = parseService(whole, line, file, say)
    if (!service) continue
    const key = `${service.name}/${service.type}`
    if (services.has(key))
      say(`duplicate master.cf entry for service "${service.name}" (${service.type}) -- using the last entry`, false)
    entries.push(service)
    services.set(key, service)
  }
  return { file, entries, services: [...services.values()], problems }
}

class BadField extends Error {}
type Say = (text: string, fatal: boolean) => void

function parseService(text: string, line: number, file: string, say: Say): Service | undefined {
  try {
    const fields = words(text, BLANKS)
    const read = new Fields(fields)
    const name = read.text('service name')
    const type = read.text('transport type') as ServiceType
    if (!SERVICE_TYPES.includes(type)) throw new BadField(`bad transport type: ${type}`)
    const isPrivate = read.bool('private') ?? true
    if (type === 'inet') {
      const place = endpointOf(name)
      if ('problem' in place) throw new BadField(`${place.problem} in "${name}"`)
      if (isPrivate) throw new BadField('inet service cannot be private')
    }
    const unprivileged = read.bool('unprivileged') ?? true
    const chroot = read.bool('chroot')
    const wakeup = read.wakeup()
    const maxproc = read.maxproc()
    const command = read.text('command')
    const rest = readArguments(fields.slice(8), say)
    const head = { name, type, private: isPrivate, unprivileged, chroot, ...wakeup, maxproc, command }
    return { ...head, ...rest, fields: fields.slice(0, 8), line, file }
  } catch (error) {
    if (!(error instanceof BadField)) throw error
    say(error.message, true)
    return undefined
  }
}

/** The first eight fields, one after the other. */
class Fields {
  readonly #words: readonly string[]
  #next = 0
  constructor(fields: readonly string[]) {
    this.#words = fields
  }
  #word(name: string): string {
    const word = this.#words[this.#next++]
    if (word === undefined) throw new BadField(`missing "${name}" field`)
    return word
  }
  text(name: string): string {
    const word = this.#word(name)
    if (word === '-' && name !== 'service name') throw new BadField(`field "${name}" has no default value`)
    return word
  }
  bool(name: string): boolean | undefined {
    const word = this.#word(name)
    if (word !== 'y' && word !== 'n' && word !== '-') throw new BadField(`field "${name}": bad value: "${word}"`)
    return word === '-' ? undefined : word === 'y'
  }
  wakeup(): { wakeup: number; wakeupIfUsed: boolean } {
    const word = this.#word('wakeup_time')
    // `-?` is what postconf takes; the master refuses it
    if (word !== '-' && !/^\d+\??$/.test(word)) throw new BadField(`field "wakeup_time": bad value: "${word}"`)
    const wakeup = word === '-' ? 0 : parseInt(word, 10)
    return { wakeup, wakeupIfUsed: wakeup > 0 && word.endsWith('?') }
  }
  maxproc(): number | undefined {
    const word = this.#word('max_proc')
    if (word !== '-' && !/^\d+$/.test(word)) throw new BadField(`field "max_proc": bad value: "${word}"`)
    return word === '-' ? undefined : parseInt(word, 10)
  }
}

/** The program that a service runs: `smtpd`, `pipe` ...; its path's last part. */
export const programOf = ({ command }: Pick<Service, 'command'>) => basename(command)
