/** What is asked of the queue from outside a message's way: mail to send, addresses to follow, an operator's orders. */
import type { Call } from '../contract/call.ts'
import type { AdminRecord, NewMessage } from '../contract/store.ts'
import type { MessageDraft } from '../contract/verdicts.ts'
import type { Engine } from './engine.ts'
import { resolveAll } from './resolve.ts'
import type { ResolvedAddress } from './resolve.ts'
import { submit } from './submit.ts'
import type { SubmitOrigin } from './submit.ts'

/** ms */
const REQUEUE_PATIENCE = 10_000

export class QueueDesk {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }
  async submit(draft: MessageDraft, origin: SubmitOrigin, by: string): Promise<string> {
    const pin = this.#engine.pin()
    try {
      return await submit(this.#engine, pin.graph, draft, origin, by)
    } finally {
      pin.release()
    }
  }
  resolve(address: string, call: Call): Promise<ResolvedAddress> {
    const origin = { kind: 'submit', by: 'resolve' } as const
    const subject = {
      messageId: '',
      envelope: { sender: '', origin, marks: {} },
      address,
      original: address,
      ancestors: [],
      final: false,
    }
    return resolveAll(this.#engine, this.#engine.graph, subject, call.trace)
  }
  /** See `Node.requeue`. */
  async requeue(id: string, who: { readonly who: string; readonly why: string }): Promise<string | undefined> {
    const { queue, store } = this.#engine
    const undo = await queue.still(id, REQUEUE_PATIENCE)
    let now: string | undefined
    try {
      now = await store.requeue(id, who)
    } finally {
      if (now === undefined) undo()
    }
    if (now !== undefined) queue.requeued(id, now)
    return now
  }
  /** See `Node.import`. */
  async import(m: Imported): Promise<string> {
    const { store, queue } = this.#engine
    const sink = store.body(m.body.length)
    await sink.write(m.body)
    const message = { ...m, id: store.newId(), body: await sink.end() }
    await store.commit(message)
    queue.committed(message)
    return message.id
  }
  async administer(id: string, record: AdminRecord): Promise<boolean> {
    const known = await this.#engine.store.admin(id, record)
    if (known) this.#engine.queue.administered(id, record.action)
    return known
  }
}
export type Imported = Omit<NewMessage, 'id' | 'body'> & { readonly body: Uint8Array }
