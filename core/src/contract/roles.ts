/** The roles that the core itself knows. A plugin may define more in a package. */
import { roleNamed, roleOne } from './tokens.ts'
import type { Call } from './call.ts'
import type { MaybePromise } from './listener.ts'
import type { Lookup, TableType } from './lookup.ts'
import type { LogSink } from './log.ts'
import type { AddressClass } from './verdicts.ts'
import type { MailAddress } from '../address.ts'
import type { QueueStore } from './store.ts'
import type { DestinationPolicy, Transport } from './deliver.ts'

/** DNS with three answers; NXDOMAIN and an empty answer are `absent` (RFC 2308 section 2). */
export type DnsAnswer<T> =
  | { readonly kind: 'found'; readonly records: readonly T[] }
  | { readonly kind: 'absent'; readonly nxdomain: boolean }
  | { readonly kind: 'failed'; readonly cause: string }
export interface Mx {
  readonly preference: number
  /** as the zone has it, no trailing dot; `''` is the null MX (RFC 7505) */
  readonly exchange: string
}
export interface Resolver {
  mx(domain: string, call: Call): Promise<DnsAnswer<Mx>>
  a(host: string, call: Call): Promise<DnsAnswer<string>>
  aaaa(host: string, call: Call): Promise<DnsAnswer<string>>
  ptr(address: string, call: Call): Promise<DnsAnswer<string>>
  txt(name: string, call: Call): Promise<DnsAnswer<string>>
  /** The same of the name servers alone: a hosts file is not asked. Absent: nothing else is asked here. */
  readonly dns?: Resolver
}

/** Who is responsible for a domain. */
export interface AddressClasses {
  classOf(address: MailAddress, call: Call): ClassAnswer | Promise<ClassAnswer>
}
export type ClassAnswer = { readonly kind: 'class'; readonly class: AddressClass } | Extract<Lookup, { kind: 'failed' }>

/** Makes addresses standard, `user@domain`, before anybody judges or looks one up. No I/O. */
export interface AddressRewriter {
  /** the same object when it is standard already */
  standard(address: MailAddress): MailAddress
  /**
   * The address that the local part of one in a local domain holds, standard: `user%there@here`, `there!user@here`.
   * `undefined`: it holds none.
   */
  within(address: MailAddress): MailAddress | undefined
  /** A route without an end, `x%`, `!x`: it may not be in an envelope. */
  leadsNowhere?(address: MailAddress): boolean
}

/** Something that rewrites recipients behind RCPT: one that it knows exists, whatever the tables of its class say. */
export interface RecipientRewrites {
  knows(address: MailAddress, call: Call): boolean | Failed | Promise<boolean | Failed>
  /** What a recipient becomes that is added behind it (automatic blind copies); the same object when nothing changes. */
  rewrite?(address: MailAddress, call: Call): MaybePromise<MailAddress | Failed>
}
/** The way of one address as it stands, before anything expands it: its class, and the tables over that (Postfix's trivial-rewrite). */
export interface AddressWays {
  /** `sender`: whose mail it is; its text is `''` for the null sender */
  wayOf(address: MailAddress, sender: MailAddress, call: Call): MaybePromise<AddressWay | Failed>
}
export interface AddressWay {
  readonly kind: 'way'
  /** the one that was asked for, or what its sender wrote into a local part of ours, `user%there@here` */
  readonly address: MailAddress
  readonly addressClass: AddressClass
  /** `''` in the virtual alias class: only what an alias stands for has a way */
  readonly transport: string
  readonly nexthop: string
}
/**
 * Tables that choose a way for an address, over what its class says (transport(5), postconf(5)). Where there are several, they
 * are asked in turn until one says something.
 */
export interface RouteTables {
  /** `transport_maps`: `transport:nexthop`; a part that is empty is the class's own */
  override(recipient: MailAddress, call: Call): MaybePromise<string | undefined | Failed>
  /** `sender_dependent_default_transport_maps`: `transport` or `transport:nexthop`. The null sender's text is `''`. */
  defaultTransport(sender: MailAddress, call: Call): MaybePromise<string | undefined | Failed>
  /** `sender_dependent_relayhost_maps`: a next hop */
  relayhost(sender: MailAddress, call: Call): MaybePromise<string | undefined | Failed>
}

/**
 * Which recipients of our own domains exist (`local_recipient_maps` and its sisters). Where there are several, one that knows an address
 * is enough.
 */
export interface RecipientTables {
  /** `undefined`: the class has no tables, anybody may exist */
  exists(address: MailAddress, addressClass: AddressClass, call: Call): MaybePromise<boolean | undefined | Failed>
  /** what clients and reports read of one that does not */
  unknownText(addressClass: AddressClass): string
}

/**
 * Rewrites what leaves for another site, on its way out (`smtp_generic_maps`, `lmtp_generic_maps`): nothing that is stored changes. By
 * the protocol's name, `smtp` or `lmtp`.
 */
export interface OutgoingRewriter {
  /** as in the envelope, without brackets, never the null sender; the same text when nothing says otherwise */
  address(address: string, call: Call): MaybePromise<string | Failed>
  /** raw header with its last CRLF, without the empty line; the same object when nothing changes */
  header(header: Uint8Array, call: Call): MaybePromise<Uint8Array | Failed>
}
type Failed = Extract<Lookup, { kind: 'failed' }>

export const queueStore = roleOne<QueueStore>('queueStore')
export const resolver = roleOne<Resolver>('resolver')
export const addressClasses = roleOne<AddressClasses>('addressClasses')
export const recipientRewrites = roleNamed<RecipientRewrites>('recipientRewrites')
export const addressRewriter = roleOne<AddressRewriter>('addressRewriter')
export const addressWays = roleOne<AddressWays>('addressWays')
/** Named: who fills them may itself need the classes that ask them. */
export const routeTables = roleNamed<RouteTables>('routeTables')
export const recipientTables = roleNamed<RecipientTables>('recipientTables')
export const outgoingRewriter = roleNamed<OutgoingRewriter>('outgoingRewriter')
/** Limits per next hop (`@postern/policy-limits`). */
export const destinationPolicy = roleOne<DestinationPolicy>('destinationPolicy')
export const logSink = roleOne<LogSink>('logSink')
export const tableTypes = roleNamed<TableType>('tableTypes')
/** Filled by `mta.deliver(name, ...)`. */
export const transports = roleNamed<Transport>('transports')
