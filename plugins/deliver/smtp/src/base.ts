/**
 * The library's connection with the members that its types keep to themselves and that our subclass builds on. The
 * version of nodemailer is pinned exactly, and test/library.test.ts checks that each of them is still there.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'

export type Action = (reply: string) => void
export interface Internals {
  /** what came behind the last line end */
  _remainder: string
  _responseActions: Action[]
  _destroyed: boolean
  _closing: boolean
  _onConnect(): void
  _onData(chunk: Buffer): void
  _onError(error: Error, type: string, reply: string | false, command: string): void
  _onEnd(): void
  _onClose(): void
  _onTimeout(): void
  _clearPhase(): void
  _destroy(): void
  _remainingSetupTime(): number
  _resolveAndConnect(options: object, connected: (resolved: object) => void): void
  _connectToHost(options: object, secure: boolean): void
  _setupConnectionHandlers(): void
  _sendCommand(command: string): void
  _actionGreeting(reply: string): void
  _actionLHLO(reply: string): void
  _actionEHLO(reply: string): void
  _actionHELO(reply: string): void
  _actionSTARTTLS(reply: string): void
  _parseEhloExtensions(reply: string): void
}
export const Base = SMTPConnection as unknown as new (options: SMTPConnectionOptions) => SMTPConnection & Internals
export type { SMTPConnectionOptions }
