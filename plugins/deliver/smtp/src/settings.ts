/** What all deliveries of one use share. */
import type { ConnectionOptions } from 'node:tls'
import type { OutgoingRewriter } from '@postern/core'
import type { ConnectionCache } from './cache.ts'
import type { ContentOptions } from './content.ts'
import type { HostOptions } from './hosts.ts'
import type { Protocol } from './nexthop.ts'
import type { Sources } from './sources.ts'
import type { Timeouts } from './transaction.ts'

export interface Settings {
  readonly protocol: Protocol
  /** what an LMTP server without DSN takes is delivered, not relayed */
  readonly assumeFinal: boolean
  readonly myhostname: string
  readonly heloName: string
  readonly port: number
  readonly tls: 'none' | 'may' | 'encrypt'
  readonly tlsOptions?: ConnectionOptions
  readonly sources: Sources
  readonly fallback: string
  readonly addressLimit: number
  readonly sessionLimit: number
  readonly skip5xxGreeting: boolean
  readonly timeouts: Timeouts
  readonly hosts: HostOptions
  readonly content: ContentOptions
  /** what rewrites addresses on the way out, if anything does */
  readonly rewriter: () => OutgoingRewriter | undefined
  /** the reload that made it does not end it: it is asked for at each delivery */
  readonly cache: () => ConnectionCache
}
