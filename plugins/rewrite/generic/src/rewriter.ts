/** Addresses of one message on its way out. */
import { addressOf, Header } from '@postern/core'
import type { Call, HeaderField, MailAddress, OutgoingRewriter, Table } from '@postern/core'
import { eachAddress, externalOf, isAddressField, rewriteFields, tokensOf } from '@postern/addresses'
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
    const edited = new Header(header)
    const { fields } = edited
    const known = new Map<string, string | undefined>()
    const hit = new Set<HeaderField>()
    for (const field of fields.filter(({ name }) => isAddressField(name.toLowerCase()))) {
      const failure = await this.#learn(field, known, hit, call)
      if (failure) return failure
    }
    const edits = rewriteFields(fields, (field) =>
      hit.has(field)
        ? (tokens) => {
            const to = known.get(externalOf(tokens))
            return to === undefined ? undefined : tokensOf(to)
          }
        : undefined,
    )
    for (const edit of edits) edited.apply(edit)
    return edits.length > 0 ? edited.toBuffer() : header
  }

  /** Asks for the addresses of a field that nobody has asked for; those that become others go to `known`, their fields to `hit`. */
  async #learn(
    field: HeaderField,
    known: Map<string, string | undefined>,
    hit: Set<HeaderField>,
    call: Call,
  ): Promise<Failed | undefined> {
    const all = new Set<string>()
    eachAddress(field.value, (tokens) => all.add(externalOf(tokens)))
    for (const text of all) {
      if (!known.has(text)) {
        const found = isLookedUp(text) ? await this.#look(addressOf(text), call) : undefined
        if (found && 'kind' in found) return found
        known.set(text, found?.text === text ? undefined : found?.text)
      }
      if (known.get(text) !== undefined) hit.add(field)
    }
    return undefined
  }
  /** One step: what comes out is not looked up again. Of several results the first counts. */
  async #look(address: MailAddress, call: Call): Promise<MailAddress | undefined | Failed> {
    const found = await mapAddress(this.#tables, address, call, this.#site, this.#propagate)
    return found === undefined || 'kind' in found ? found : found[0]
  }
}
/** `user@domain.` is in no table; ours leave the dot out. */
const isLookedUp = (text: string): boolean => text !== '' && !text.endsWith('.')
