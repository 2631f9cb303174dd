/** What was seen of a server under a case: the shape of expected.json. */

/** What was sent, and the reply: lines joined by `\n`; `@EOF@` closed, `@TIMEOUT@` no reply, `@CLOSED@` there was nobody to send to. */
export type Exchange = readonly [sent: string, reply: string]
export interface Played {
  readonly smtp?: readonly Exchange[]
  readonly run?: string
  readonly exit?: number
  readonly out?: string
  readonly err?: string
  /** messages that had arrived by then */
  readonly wait?: number
}
/** One message, or one part of its recipients, as a next hop got it. */
export interface Taken {
  readonly helo: string
  readonly mail: string
  readonly rcpt: readonly string[]
  readonly tls: boolean
  readonly auth: string
  readonly data: string
  /** the reply to the content, when it was not 2xx */
  readonly refused?: string
}
/** recipient, original recipient, relay, enhanced code, status, text */
export type Status = readonly [to: string, original: string, relay: string, dsn: string, status: string, text: string]

export interface Observed {
  readonly actions: readonly Played[]
  /** by file, or by folder with a slash at the end */
  readonly mailboxes: Readonly<Record<string, readonly string[]>>
  readonly pipes: Readonly<Record<string, readonly string[]>>
  readonly sinks: Readonly<Record<string, readonly Taken[]>>
  readonly policy?: readonly Readonly<Record<string, string>>[]
  /** reports in the above, for who reads the file; they are read from the messages when two are compared */
  readonly dsns: readonly unknown[]
  /** null: there was no log */
  readonly statuses: readonly Status[] | null
  readonly log: readonly string[] | null
}
