/** Lines of the mail log, as Postfix's programs write them: to maillog_file, or to syslog by logger(1). */
import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { Fatal, parametersOf, systemText } from '@postern/sendmail/queue'
import type { Place } from './place.ts'

export type Severity = 'info' | 'warn' | 'error' | 'fatal' | 'panic'
/** what stands before the text */
export const PREFIXES: Readonly<Record<Severity, string>> = {
  info: '',
  warn: 'warning: ',
  error: 'error: ',
  fatal: 'fatal: ',
  panic: 'panic: ',
}
const SYSLOG: Readonly<Record<Severity, string>> = {
  info: 'info',
  warn: 'warning',
  error: 'err',
  fatal: 'crit',
  panic: 'crit',
}
interface Target {
  readonly file: string
  readonly facility: string
  readonly tag: string
}

export class MailLog {
  readonly #target: Target
  readonly #lines: [Severity, string][] = []
  /** `tag`: without the process's number, which is added */
  constructor(target: Target) {
    this.#target = target
  }
  /** `severity` counts for syslog; the text has its prefix already. */
  write(text: string, severity: Severity = /^warning: /.test(text) ? 'warn' : 'info'): void {
    this.#lines.push([severity, text])
  }
  /** Throws Fatal when the lines cannot be written. */
  end(): void {
    const { file } = this.#target
    const lines = this.#lines.splice(0)
    if (lines.length === 0) return
    if (file === '') return this.#toSyslog(lines)
    const head = `${stamp(new Date())} ${hostname().split('.')[0]} ${this.#target.tag}[${process.pid}]: `
    try {
      appendFileSync(file, lines.map(([, text]) => `${head}${oneLine(text)}\n`).join(''), { mode: 0o600 })
    } catch (error) {
      throw new Fatal(`open logfile '${file}': ${systemText(error)}`)
    }
  }
  #toSyslog(lines: readonly (readonly [Severity, string])[]): void {
    const { facility, tag } = this.#target
    for (const severity of new Set(lines.map(([s]) => s))) {
      const input = lines.flatMap(([s, text]) => (s === severity ? [`${oneLine(text)}\n`] : [])).join('')
      const priority = `${facility}.${SYSLOG[severity]}`
      const { error, status } = spawnSync('logger', ['-t', `${tag}[${process.pid}]`, '-p', priority], { input })
      if (error ?? status !== 0) throw new Fatal(`logger: ${error ? systemText(error) : `exit status ${status}`}`)
    }
  }
}
const oneLine = (text: string): string => text.replace(/[\x00-\x1f\x7f]/g, '?') // eslint-disable-line no-control-regex
/** `Nov 22 02:30:51`, in local time */
function stamp(date: Date): string {
  const [, month, day, , time] = date.toString().split(' ')
  return `${month} ${day!.replace(/^0/, ' ')} ${time}`
}

/** By `program`'s name, or a tag of its own. Without a Postfix folder to syslog. */
export async function mailLog({ postfix }: Pick<Place, 'postfix'>, program: string, tag?: string): Promise<MailLog> {
  if (postfix === undefined) return new MailLog({ file: '', facility: 'mail', tag: tag ?? `postfix/${program}` })
  const parameters = await parametersOf(postfix)
  return new MailLog({
    file: parameters.get('maillog_file'),
    facility: parameters.get('syslog_facility'),
    tag: tag ?? `${parameters.get('syslog_name')}/${program}`,
  })
}

/** What a program did, beside what it says: who may not write the log does without, and so does a configuration of Postern's own. */
export async function logger(place: Place, program: string): Promise<{ write(text: string): void; end(): void }> {
  const log = place.postfix === undefined ? undefined : await mailLog(place, program)
  return {
    write: (text) => log?.write(text),
    end: () => {
      try {
        log?.end()
      } catch (error) {
        if (!(error instanceof Fatal)) throw error
      }
    },
  }
}
