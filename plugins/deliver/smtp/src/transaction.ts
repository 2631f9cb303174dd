/** One message over a connection: its commands, and who is told of each reply. */
import type { BodySource } from '@postern/core'
import type { Failure } from './failure.ts'

/** What goes over the wire between DATA and the final dot, before it is dot-stuffed. */
export interface Content {
  readonly header: Uint8Array
  /** between header and body: an empty line, or nothing */
  readonly gap: Uint8Array
  readonly body: BodySource
  /** bytes of a line, without its end; longer ones are broken. 0: any number */
  readonly lineLimit: number
  /** its length is that of the queued message */
  readonly sized: boolean
}
export interface Transaction {
  /** without CRLF: `MAIL FROM:<a@b.example> SIZE=1000` */
  readonly mail: string
  /** without CRLF: `RCPT TO:<x@y.example>` */
  readonly rcpts: readonly string[]
  /** absent: ask only whether sender and recipients would be taken (MAIL, RCPT, RSET) */
  readonly content?: Content
  onMail(reply: string): void
  onRcpt(index: number, reply: string): void
  /** DATA was refused; what was accepted before is void */
  onDataRefused(reply: string): void
  /** over LMTP once for each accepted recipient, `index` being the recipient's; over SMTP once, for all that were accepted */
  onFinal(index: number | undefined, reply: string): void
  /** Always called, last. With a failure the connection is gone. */
  onEnd(failure?: Failure): void
}

/** ms without progress, as Postfix counts them: for each read and write, not for the stage as a whole. */
export interface Timeouts {
  readonly connect: number
  readonly helo: number
  readonly mail: number
  readonly rcpt: number
  readonly dataInit: number
  readonly dataXfer: number
  readonly dataDone: number
}
