/** What a connection is made with. */
import type { ConnectionOptions } from 'node:tls'
import type { Hello } from './hello.ts'
import type { Peer } from './peer.ts'
import type { Timeouts } from './transaction.ts'

export interface ConnectionSettings {
  readonly peer: Peer
  readonly lmtp: boolean
  /** a server without DSN keeps the message, and passes it on no further */
  readonly assumeFinal: boolean
  /** what EHLO says */
  readonly heloName: string
  readonly hello: Hello
  readonly tls: 'none' | 'may' | 'encrypt'
  /** with `encrypt`: what it would have to be besides, which is not there yet */
  readonly tlsUnmet?: string
  readonly tlsOptions?: ConnectionOptions
  readonly bindAddress?: string
  readonly timeouts: Timeouts
}
