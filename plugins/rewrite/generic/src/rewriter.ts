/** Addresses of one message on its way out. */
import { addressOf, Header } from '@postern/core'
import type { Call, HeaderField, MailAddress, OutgoingRewriter, Table } from '@postern/core'
import { eachAddress, externalOf, isAddressField, rewriteList, tokensOf } from '@postern/addresses'
import { mapAddress } from '@postern/maps'
import type { AddressSite, Failed } from '@postern/maps'

export class GenericRewriter implements OutgoingRewriter {
  readonly #tables: readonly Table[]
  readonly #site: AddressSite
  readonly #propagate: boolean

  constructor(tables: readonly Table[], site: AddressSite, propagate: boolean) {
    this.#tables = tables
    this.#site = site
    this.#propagate = propagate
  }
  async address(address: string, call: Call): Promise<string | Failed> {
    const found = await this.#look(addressOf(address), call)
    if (found === undefined) return address
    return 'kind' in found ? found : found.text
  }
  /** Fields at the top of the message only, as Postfix does: what lies inside is the sender's text. */
  async header(header: Uint8Array, call: Call): Promise<Uint8Array | Failed> {
    const { fields } = new Header(header)
    const known = new Map<string, string | undefined>()
    const out: string[] = []
    let changed = false
    for (const field of fields) {
      const next = isAddressField(field.name.toLowerCase()) ? await this.#field(field, known, call) : undefined
      if (next !== undefined && typeof next !== 'string') return next
      changed ||= next !== undefined
      out.push(next ?? field.raw)
    }
    return changed ? Buffer.from(out.join(''), 'latin1') : header
  }

  /** The field anew, raw; `undefined`: no address of it is in the tables. */
  async #field(
    { name, raw }: HeaderField,
    known: Map<string, string | undefined>,
    call: Call,
  ): Promise<string | undefined | Failed> {
    // latin1 all the way: bytes that are no UTF-8 stay what they are
    const value = raw.slice(raw.indexOf(':') + 1)
    const all = new Set<string>()
    eachAddress(value, (tokens) => all.add(externalOf(tokens)))
    let hit = false
    for (const text of all) {
      if (!known.has(text)) {
        const found = isLookedUp(text) ? await this.#look(addressOf(decoded(text)), call) : undefined
        if (found && 'kind' in found) return found
        const to = found && encoded(found.text)
        known.set(text, to === text ? undefined : to)
      }
      hit ||= known.get(text) !== undefined
    }
    if (!hit) return undefined
    const next = rewriteList(name, value, (tokens) => {
      const to = known.get(externalOf(tokens))
      return to === undefined ? undefined : tokensOf(to)
    })
    return next === undefined ? undefined : `${name}: ${next}\r\n`
  }
  /** One step: what comes out is not looked up again. Of several results the first counts. */
  async #look(address: MailAddress, call: Call): Promise<MailAddress | undefined | Failed> {
    const found = await mapAddress(this.#tables, address, call, this.#site, this.#propagate)
    return found === undefined || 'kind' in found ? found : found[0]
  }
}
/** `user@domain.` is in no table; ours leave the dot out. */
const isLookedUp = (text: string): boolean => text !== '' && !text.endsWith('.')
const decoded = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')
const encoded = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
