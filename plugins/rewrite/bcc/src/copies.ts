/** Who gets a blind copy of a message, as cleanup(8) finds it. */
import { addressOf, parseAddress, quoteLocal } from '@postern/core'
import type { Call, DraftViewBase, MailAddress, Named, RecipientRewrites, Table } from '@postern/core'
import { findAddress } from '@postern/maps'
import type { AddressSite, Failed } from '@postern/maps'

export interface CopySources {
  readonly always: string | undefined
  readonly senders: readonly Table[]
  readonly recipients: readonly Table[]
}

export class BlindCopies {
  readonly #sources: CopySources
  readonly #site: AddressSite
  readonly #rewrites: Named<RecipientRewrites>
  constructor(sources: CopySources, site: AddressSite, rewrites: Named<RecipientRewrites>) {
    this.#sources = sources
    this.#site = site
    this.#rewrites = rewrites
  }
  /**
   * Each address once: for the sender, for the recipients in their order, for all mail. A recipient who is a copy's, too, gets the mail
   * twice, as with Postfix: the copy is nobody's business, and the other one is told of.
   */
  async of(
    { sender, recipients }: Pick<DraftViewBase, 'sender' | 'recipients'>,
    call: Call,
  ): Promise<readonly MailAddress[] | Failed> {
    const copies = new Map<string, MailAddress>()
    const asked = new Set<string>()
    const addOf = async (tables: readonly Table[], text: string): Promise<Failed | undefined> => {
      const found = await findAddress(tables, addressOf(text), call, this.#site)
      if (found.kind === 'absent') return undefined
      return found.kind === 'failed' ? found : add(found.value)
    }
    const add = async (text: string): Promise<Failed | undefined> => {
      if (asked.has(text)) return undefined
      asked.add(text)
      const copy = await this.#address(text, call)
      if ('kind' in copy) return copy
      const key = copy.text.toLowerCase()
      copies.set(key, copies.get(key) ?? copy)
      return undefined
    }
    const { senders, recipients: to, always } = this.#sources
    let failure = sender === '' || senders.length === 0 ? undefined : await addOf(senders, sender)
    if (to.length > 0) for (const { address, bcc } of recipients) if (!bcc) failure ??= await addOf(to, address)
    if (always !== undefined) failure ??= await add(always)
    return failure ?? [...copies.values()]
  }
  /** Standard, and rewritten as other recipients are. */
  async #address(text: string, call: Call): Promise<MailAddress | Failed> {
    const given = parseAddress(text, { lenient: true }) ?? whole(text)
    if (!given || given.local === '')
      return { kind: 'failed', why: 'misconfigured', cause: `"${text}" is not an address to copy mail to` }
    let at = this.#site.standard(given)
    for (const name of this.#rewrites.names()) {
      const next = await this.#rewrites.get(name)!.rewrite?.(at, call)
      if (next && 'kind' in next) return next
      at = next ?? at
    }
    return at
  }
}
/** One address, whatever is in it: `a@x, b@y` is `"a@x, b"@y`, as Postfix reads it, and the report says what it was. */
function whole(text: string): MailAddress | undefined {
  const at = text.lastIndexOf('@')
  const local = at < 0 ? text : text.slice(0, at)
  return parseAddress(at < 0 ? quoteLocal(local) : `${quoteLocal(local)}${text.slice(at)}`, { lenient: true })
}
