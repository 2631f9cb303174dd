/** One address through the tables, until they have no more to say. */
import type { Call, MailAddress, Table } from '@postern/core'
import { mapAddress } from '@postern/maps'
import type { AddressSite, Failed } from '@postern/maps'

/** A table that leads on and on is a mistake. */
const DEPTH = 10

export class LookupFailed extends Error {
  readonly failure: Failed
  constructor(failure: Failed) {
    super(failure.cause)
    this.failure = failure
  }
}

/** Asks for each address of a message once. */
export class Mapper {
  readonly #site: AddressSite
  readonly #propagate: boolean
  readonly #call: Call
  readonly #known = new Map<readonly Table[], Map<string, Promise<MailAddress>>>()

  constructor(site: AddressSite, propagate: boolean, call: Call) {
    this.#site = site
    this.#propagate = propagate
    this.#call = call
  }
  /** The same address when no table knows it. Rejects with LookupFailed. */
  map(tables: readonly Table[], address: MailAddress): Promise<MailAddress> {
    let known = this.#known.get(tables)
    if (!known) this.#known.set(tables, (known = new Map()))
    const have = known.get(address.text)
    if (have) return have
    const mapped = this.#follow(tables, address)
    known.set(address.text, mapped)
    return mapped
  }
  async #follow(tables: readonly Table[], address: MailAddress): Promise<MailAddress> {
    let at = address
    for (let n = 0; n < DEPTH; n++) {
      const to = await mapAddress(tables, at, this.#call, this.#site, this.#propagate)
      if (to === undefined) return at
      if ('kind' in to) throw new LookupFailed(to)
      // a table of one-to-one: of several the first counts, as Postfix has it
      const next = to[0]!
      if (next.text === '' || to.some((a) => same(a, at))) return next
      at = next
    }
    // the mail is none the worse for it
    this.#call.log.warn('canonical.circle', { address: address.text, becomes: at.text, times: DEPTH })
    return at
  }
}
const same = (a: MailAddress, b: MailAddress): boolean => a.text.toLowerCase() === b.text.toLowerCase()
