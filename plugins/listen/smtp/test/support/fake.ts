/** A core that answers by a table, synchronously unless `slow` is set, and keeps what it was given. */
import type {
  Clock,
  ContentSink,
  Decision,
  Listener,
  Logger,
  MailAddress,
  MailParameters,
  MaybePromise,
  OpenSession,
  RcptParameters,
  Reply,
  Session,
  SessionView,
} from '@postern/core'
import { internal, systemClock } from '@postern/core'

export interface Taken {
  sender: string
  parameters: MailParameters
  recipients: { address: string; parameters: RcptParameters }[]
  content: string
  ended: 'end' | 'abort' | undefined
}
export interface Fake {
  readonly listener: Listener
  readonly messages: Taken[]
  /** what the core was told, in order: `secured`, `reset`, `end`, `helo x` ... */
  readonly events: string[]
  readonly refused: Reply[]
  /** command, code, line */
  readonly replied: [string, number, string | undefined][]
  readonly opened: OpenSession[]
}
export interface Script {
  /** by address */
  rcpt?: (address: string) => Reply | undefined
  mail?: (address: string) => Reply | undefined
  helo?: (name: string) => Reply | undefined
  connect?: () => Reply | undefined
  data?: () => Reply | undefined
  command?: (verb: string, argument: string) => Reply | undefined
  end?: (taken: Taken) => Promise<Reply>
  /** ms that the answer to DATA takes */
  slowData?: number
  /** every answer takes a turn of the event loop */
  slow?: boolean
  keywords?: string[]
  /** the sink asks to wait after each chunk */
  hold?: boolean
  /** do not keep content: for measurements */
  discard?: boolean
}

const unknown = (address: string): Reply => ({
  code: 550,
  esc: '5.1.1',
  text: `<${address}>: Recipient address rejected: User unknown in local recipient table`,
})
/** `nouser` and its like do not exist; everybody else does. */
export const users = (address: string): Reply | undefined =>
  /^(nouser|ri ch|rich\.|jörg|rich%.*|mail\.postern\.example!rich)(@|$)/.test(address) ? unknown(address) : undefined

export function fakeCore(script: Script = {}): Fake {
  const fake: Fake = {
    messages: [],
    events: [],
    refused: [],
    replied: [],
    opened: [],
    listener: {
      name: 'test',
      keywords: script.keywords ?? ['ETRN'],
      open(facts) {
        fake.opened.push(facts)
        return session(facts, script, fake)
      },
    },
  }
  return fake
}

function session(facts: OpenSession, script: Script, fake: Fake): Session {
  const later = <T>(value: T): MaybePromise<T> =>
    script.slow ? new Promise<T>((done) => setImmediate(() => done(value))) : value
  let taken: Taken | undefined
  let busy = false
  /** calls follow each other: one made while another is under way is an error of the listener's */
  const call = <T>(value: () => T): MaybePromise<T> => {
    if (busy) throw new Error('a call was made while another was under way')
    busy = true
    const answer = later(value())
    if (answer instanceof Promise)
      return answer.finally(() => {
        busy = false
      })
    busy = false
    return answer
  }
  return {
    view: { client: facts.client, id: 's', listener: 'test' } as SessionView,
    connect: () => call(() => script.connect?.()),
    helo: (verb, name) =>
      call(() => {
        fake.events.push(`${verb} ${name}`)
        taken = undefined
        return script.helo?.(name)
      }),
    isSound: () => true,
    secured(tls) {
      fake.events.push(`secured ${tls.protocol}`)
      taken = undefined
    },
    authenticated: () => undefined,
    mail: (sender: MailAddress, parameters) =>
      call((): Decision => {
        const no = script.mail?.(sender.text)
        if (!no) taken = { sender: sender.text, parameters, recipients: [], content: '', ended: undefined }
        return no
      }),
    rcpt: (recipient, parameters) =>
      call((): Decision => {
        const address = internal(recipient)
        const no = (script.rcpt ?? users)(address)
        if (!no) taken!.recipients.push({ address, parameters })
        return no
      }),
    verify: (recipient) => call(() => (script.rcpt ?? users)(internal(recipient))),
    data: () => {
      const { slowData } = script
      if (slowData === undefined) return call(() => script.data?.())
      return new Promise((done) => setTimeout(() => done(script.data?.()), slowData))
    },
    content: () => {
      if (fake.events.includes('end')) fake.events.push('content after the end')
      return sink(taken!, script, fake)
    },
    command: (verb, argument) => call(() => script.command?.(verb, argument)),
    reset() {
      fake.events.push('reset')
      taken = undefined
    },
    replied: (command, reply, line) => {
      if (!script.discard) fake.replied.push([command, reply.code, line])
    },
    refused: (_stage, reply) => void fake.refused.push(reply),
    end: () => void fake.events.push('end'),
  }
}

function sink(taken: Taken, script: Script, fake: Fake): ContentSink {
  const chunks: Buffer[] = []
  return {
    write(chunk) {
      if (taken.ended) throw new Error('written after the end')
      if (!script.discard) chunks.push(Buffer.from(chunk))
      return script.hold ? new Promise((done) => setImmediate(done)) : undefined
    },
    async end() {
      taken.ended = 'end'
      taken.content = Buffer.concat(chunks).toString('latin1')
      if (!script.discard) fake.messages.push(taken)
      return (await script.end?.(taken)) ?? { code: 250, esc: '2.0.0', text: 'Ok: queued as QID' }
    },
    abort() {
      taken.ended = 'abort'
      fake.events.push('abort')
    },
  }
}

const silent = (): void => undefined
export const quiet: Logger = { debug: silent, info: silent, warn: silent, error: silent, enabled: () => false }
export const clock: Clock = systemClock
