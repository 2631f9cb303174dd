/** A message on its way in: what cleanup sees and edits, and what commit writes. */
import type { AnyEdit, EnvelopeEdit } from '../contract/edits.ts'
import type { AddressRewriter } from '../contract/roles.ts'
import type { MarkToken } from '../contract/tokens.ts'
import type { BodySource, RecipientSeed } from '../contract/store.ts'
import type { DeliveryTrace } from '../contract/verdicts.ts'
import type { BodyTier, DraftView, Origin, RcptParameters, SessionView, Slots } from '../contract/views.ts'
import { addressKey, addressOf, isUtf8, originalOf, parseAddress } from '../address.ts'
import type { MailAddress } from '../address.ts'
import type { EditTarget } from '../hooks/call.ts'
import { lines, memoryBody, toCrlf } from './body.ts'
import type { Header } from './header.ts'
import { mimeParts } from './mime.ts'
import { MarkStore, SlotStore } from './slots.ts'

/** What an envelope needs of its graph. */
export interface EnvelopeGraph {
  readonly rewriter: AddressRewriter
  readonly collection: { readonly marks: ReadonlyMap<string, MarkToken<never>> }
}
/** The envelope while it may still change: at MAIL and RCPT, then in cleanup. Its addresses are standard. */
export class EnvelopeState {
  sender = ''
  recipients: RecipientSeed[] = []
  readonly marks: MarkStore
  hold: { by: string; reason: string } | undefined
  route: { transport: string; nexthop?: string } | undefined
  readonly #rewriter: AddressRewriter
  constructor(graph: EnvelopeGraph) {
    this.marks = new MarkStore({}, graph.collection.marks)
    this.#rewriter = graph.rewriter
  }
  /** One that a client named: `given` as it came. */
  add(address: string, given: MailAddress, p: RcptParameters): void {
    const typed = given.typed ?? (isUtf8(given.text) ? given.text : undefined)
    this.recipients.push({
      address,
      original: originalOf(given),
      // a next hop and a report are told what the sender wrote (RFC 3461 section 4.2)
      orcpt: p.orcpt ?? (typed === undefined ? undefined : `rfc822;${typed}`),
      notify: p.notify,
    })
  }
  /** Throws for an address that is none. */
  #good(text: string): string {
    const a = parseAddress(text, { lenient: true })
    if (!a) throw new TypeError(`${JSON.stringify(text)} is not an address`)
    return this.#rewriter.standard(a).text
  }
  /** What takes back later edits. */
  snapshot(): () => void {
    const { sender, recipients, hold, route } = this
    const marks = this.marks.snapshot()
    const list = [...recipients]
    return () => {
      Object.assign(this, { sender, recipients: list, hold, route })
      marks()
    }
  }
  /** Throws for an address that is none. */
  apply(edit: EnvelopeEdit, by: string): void {
    switch (edit.kind) {
      case 'sender.set':
        this.sender = edit.address === '' ? '' : this.#good(edit.address)
        return
      case 'recipient.add':
        this.recipients.push({
          address: this.#good(edit.address),
          original: edit.address,
          bcc: edit.bcc,
          notify: edit.bcc ? ['NEVER'] : undefined,
        })
        return
      case 'recipient.replace':
        this.recipients = this.recipients.map((r) =>
          same(r.address, edit.from) ? { ...r, address: this.#good(edit.to) } : r,
        )
        return
      case 'recipient.remove':
        this.recipients = this.recipients.filter((r) => !same(r.address, edit.address))
        return
      case 'route.all':
        this.route = { transport: edit.transport, nexthop: edit.nexthop }
        return
      case 'mark.set':
        this.marks.set(edit.mark, edit.value)
        return
      case 'hold':
        this.hold = { by, reason: edit.reason }
    }
  }
}
const same = (a: string, b: string) => addressKey(addressOf(a)) === addressKey(addressOf(b))

export class Draft implements EditTarget {
  readonly id: string
  readonly origin: Origin
  readonly session: SessionView | undefined
  readonly envelope: EnvelopeState
  readonly header: Header
  readonly slots: Slots
  smtputf8 = false
  /** the message came without an empty line behind its header */
  headerOnly = false
  body7or8: '7BIT' | '8BITMIME' | 'BINARYMIME' | undefined
  envid: string | undefined
  ret: 'FULL' | 'HDRS' | undefined
  trace: DeliveryTrace | undefined
  /** bytes a tap put in the body's place; the store has not seen them yet */
  replaced: Buffer | undefined
  #body: BodySource

  constructor(
    id: string,
    origin: Origin,
    envelope: EnvelopeState,
    header: Header,
    body: BodySource,
    session?: SessionView,
    slots?: Slots,
  ) {
    this.id = id
    this.origin = origin
    this.envelope = envelope
    this.header = header
    this.#body = body
    this.session = session
    this.slots = slots ?? new SlotStore('transaction')
  }
  get endsWithHeader(): boolean {
    return this.headerOnly && !this.replaced
  }
  get body(): BodySource {
    return this.replaced ? memoryBody([this.replaced]) : this.#body
  }
  /** the source that the store made, to be given to commit when nothing replaced it */
  get stored(): BodySource {
    return this.#body
  }
  snapshot(): () => void {
    const { replaced } = this
    const undo = [this.header.snapshot(), this.envelope.snapshot()]
    return () => {
      this.replaced = replaced
      for (const fn of undo) fn()
    }
  }
  apply(edit: AnyEdit, by: string): void {
    switch (edit.kind) {
      case 'header.insert':
      case 'header.replace':
      case 'header.remove':
        return this.header.apply(edit)
      case 'body.replace':
        this.replaced = toCrlf(edit.content)
        return
      case 'client.set':
      case 'deferIfPermit':
      case 'deferIfReject':
      case 'refuseLater':
        throw new TypeError(`${edit.kind} is an edit of a session`)
      default:
        this.envelope.apply(edit, by)
    }
  }
  /** What a tap of this tier may see, and no more. */
  view<B extends BodyTier>(tier: B): DraftView<B> {
    return new Seen(this, tier) as unknown as DraftView<B>
  }
}
/** A draft as taps see it. A class: getters of an object literal are made anew for each message. */
class Seen {
  readonly #draft: Draft
  readonly id: string
  readonly origin: Origin
  readonly session: SessionView | undefined
  readonly marks: MarkStore
  readonly slots: Slots
  // there when the tier has them, and only then
  declare readonly header?: Header
  declare readonly lines?: () => ReturnType<typeof lines>
  declare readonly stream?: () => AsyncIterable<Uint8Array>
  declare readonly parts?: () => ReturnType<typeof mimeParts>
  constructor(draft: Draft, tier: BodyTier) {
    this.#draft = draft
    this.id = draft.id
    this.origin = draft.origin
    this.session = draft.session
    this.marks = draft.envelope.marks
    this.slots = draft.slots
    if (tier !== 'none') this.header = draft.header
    if (tier === 'lines') this.lines = () => lines(draft.body.stream())
    if (tier === 'stream') this.stream = () => draft.body.stream()
    if (tier === 'mime') this.parts = () => mimeParts(draft.header, draft.body)
  }
  get sender() {
    return this.#draft.envelope.sender
  }
  get recipients() {
    return this.#draft.envelope.recipients.map((r) => ({
      address: r.address,
      original: r.original,
      bcc: r.bcc ?? false,
    }))
  }
  get size() {
    return this.#draft.header.toBuffer().length + (this.#draft.endsWithHeader ? 0 : 2) + this.#draft.body.size
  }
}
