/** Which of Postfix's programs a line would be from: postfix/smtpd, postfix/submission/smtpd, postfix/lmtp. */
import type { Options } from './options.ts'

/** Transports whose customary names are those of Postfix's services. */
const PROGRAMS: Record<string, string> = {
  smtp: 'smtp',
  relay: 'smtp',
  lmtp: 'lmtp',
  local: 'local',
  virtual: 'virtual',
  maildir: 'virtual',
  mbox: 'virtual',
  pipe: 'pipe',
  error: 'error',
  retry: 'error',
  discard: 'discard',
}
/** `mx.example[192.0.2.1]:25`: only SMTP and LMTP name a host */
const HOST = /\[[^\]]*\](:\d+)?$/

export interface Tag {
  readonly program: string
  /** `postfix/smtp` */
  readonly tag: string
}

export class Tags {
  readonly #options: Options
  readonly #known = new Map<string, Tag>()

  constructor(options: Pick<Options, 'syslogName' | 'services'>) {
    this.#options = options as Options
  }
  /** of a program that is no service of its own */
  of(program: string): string {
    return this.#tag('', program, program).tag
  }
  listener(name: string): string {
    return this.#tag('listener', name, 'smtpd').tag
  }
  /** `relay`: what the outcome says of where it was tried */
  transport(name: string, relay: string | undefined): Tag {
    if (this.#options.services[name]?.program !== undefined) return this.#tag('transport', name, 'smtp')
    const program = PROGRAMS[name] ?? (relay !== undefined && HOST.test(relay) ? 'smtp' : 'pipe')
    return this.#tag('transport', name, program)
  }
  #tag(kind: string, name: string, usual: string): Tag {
    const key = `${kind} ${name} ${usual}`
    const known = this.#known.get(key)
    if (known) return known
    const own = kind === '' ? undefined : this.#options.services[name]
    const program = own?.program ?? usual
    const made = { program, tag: `${own?.syslogName ?? this.#options.syslogName}/${program}` }
    this.#known.set(key, made)
    return made
  }
}
