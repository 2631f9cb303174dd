/**
 * reject_unlisted_recipient and reject_unlisted_sender: an address in a domain of ours that nobody knows. One place for the two, whoever
 * asks.
 */
import type {
  AddressWay,
  AddressWays,
  Call,
  MailAddress,
  MaybePromise,
  Mta,
  Named,
  RecipientRewrites,
  RecipientTables,
} from '@postern/core'
import type { Options } from './options.ts'
import { errorTransport, lookupFailure, rejection, unknown } from './verdicts.ts'
import type { Role, Verdict } from './verdicts.ts'

export interface Knowledge {
  readonly options: Options
  readonly ways: AddressWays
  readonly lists: RecipientTables
  readonly rewrites: Named<RecipientRewrites>
  /** what all of the resolve stage says of an address */
  readonly resolve: Mta['resolve']
}
export interface Subject {
  readonly role: Role
  /** standard */
  readonly address: MailAddress
  /** as the client wrote it: for the reply */
  readonly given: MailAddress
  /** whose mail it is; its text is `''` for the null sender */
  readonly sender: MailAddress
}

/** What an address deserves that nobody knows, or whose tables are away; `undefined`: it may come in. Does not throw. */
export function unlisted(k: Knowledge, subject: Subject, call: Call): MaybePromise<Verdict | undefined> {
  return then(k.ways.wayOf(subject.address, subject.sender, call), (way) => {
    if (way.kind === 'failed') return lookupFailure(subject.given, way.cause)
    return then(
      objectionTo(k, subject, way, call),
      (objection) => objection && unlessKnown(k, subject, way, objection, call),
    )
  })
}
const then = <T, R>(value: MaybePromise<T>, fn: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(fn) : fn(value)

/** As long as nothing rewrites or expands the address. */
function objectionTo(
  { lists, options }: Knowledge,
  { role, given }: Subject,
  way: AddressWay,
  call: Call,
): MaybePromise<Verdict | undefined> {
  const { address, addressClass } = way
  const nobody = () => unknown(role, given, addressClass, lists.unknownText(addressClass), options)
  if (addressClass === 'virtualAlias') return nobody()
  const refused = errorTransport(role, given, way)
  if (refused) return refused
  return then(lists.exists(address, addressClass, call), (known) => {
    if (typeof known === 'object') return lookupFailure(given, known.cause)
    return known === false ? nobody() : undefined
  })
}

/** A table that rewrites it (canonical_maps), or one that leads elsewhere (virtual_alias_maps), knows it, too. */
async function unlessKnown(
  k: Knowledge,
  { role, address: asked, given }: Subject,
  { address }: AddressWay,
  objection: Verdict,
  call: Call,
): Promise<Verdict | undefined> {
  for (const name of k.rewrites.names()) {
    const known = await k.rewrites.get(name)!.knows(asked, call)
    if (known === true) return undefined
    if (known) return lookupFailure(given, known.cause)
  }
  const resolved = await k.resolve(address.text, call)
  const isOther = (text: string) => text.toLowerCase() !== address.text.toLowerCase()
  if (resolved.kind === 'routes') {
    const ends = [...resolved.routes, ...resolved.failures]
    return ends.length > 1 || ends.some((end) => isOther(end.address)) ? undefined : objection
  }
  // it is known, but leads in a circle or to too many: told when the message has come
  if (resolved.esc === '4.6.0') return undefined
  if (!resolved.permanent) return lookupFailure(given, resolved.text)
  if (isOther(resolved.address)) return undefined
  // somebody knows more than that it is unknown: where it has moved to
  return resolved.esc === '5.1.1' ? objection : rejection(role, given, 550, resolved.esc, resolved.text)
}
