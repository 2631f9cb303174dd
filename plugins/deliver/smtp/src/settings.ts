/** What all deliveries of one use share. */
import type { ConnectionOptions } from 'node:tls'
import type { OutgoingRewriter, Table, Transport } from '@postern/core'
import type { ConnectionCache } from './cache.ts'
import type { ContentOptions } from './content.ts'
import type { Hello } from './hello.ts'
import type { HostOptions } from './hosts.ts'
import type { Passwords } from './login.ts'
import type { KeptKeys } from './kept-keys.ts'
import type { Nexthops, Protocol } from './nexthop.ts'
import type { Sources } from './sources.ts'
import type { TlsPolicies } from './tls-policy.ts'
import type { Timeouts } from './transaction.ts'

export interface HelloSettings extends Hello {
  /** tables of keywords by a server's address */
  readonly byAddress: readonly Table[]
}
export interface Settings {
  readonly protocol: Protocol
  /** what an LMTP server without DSN takes is delivered, not relayed */
  readonly assumeFinal: boolean
  readonly myhostname: string
  readonly heloName: string
  readonly hello: HelloSettings
  readonly nexthops: Nexthops
  readonly tls: TlsPolicies
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
  readonly keys: KeptKeys
  /** what is read in place of a line of a reply */
  readonly replyFilter?: Table
  /** local parts are quoted in commands where they must be */
  readonly quoted: boolean
  readonly smtputf8ForAll: boolean
  readonly passwords: Passwords
  /** where mail goes whose best MX we are */
  readonly bestMx?: BestMx
}
export interface BestMx {
  /** `local`: for the log */
  readonly name: string
  /** empty: the job's own */
  readonly nexthop: string
  /** asked for when it is needed: roles are complete then */
  transport(): Transport | undefined
}
