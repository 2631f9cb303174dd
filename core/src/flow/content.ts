/** The door for content: header apart from body, body into the store while it arrives. */
import { traceOf } from '../errors.ts'
import type { Reply } from '../contract/facts.ts'
import type { ContentSink } from '../contract/listener.ts'
import type { BodySink } from '../contract/store.ts'
import { accept } from './accept.ts'
import { memorySink } from './body.ts'
import { Characters, DISALLOWED } from './characters.ts'
import { Draft } from './draft.ts'
import { Header, cutFields, endsWithHeader, findBody, headerRoom } from './header.ts'
import { HEADER_TOO_BIG, TOO_BIG, queuedAs, soften } from './replies.ts'
import { received } from './received.ts'
import { StrayCr } from './stray.ts'
import type { SessionFlow } from './session.ts'
import type { Transaction } from './transaction.ts'

export class Content implements ContentSink {
  readonly #session: SessionFlow
  readonly #tx: Transaction
  readonly #done: () => void
  readonly #limit: number
  #sink: BodySink | undefined
  #head: Buffer[] = []
  #headBytes = 0
  #header: Buffer | undefined
  #headerOnly = false
  #size = 0
  readonly #stray: StrayCr | undefined
  readonly #characters: Characters | undefined
  /** why nothing more of it is kept */
  #over: Reply | undefined
  #ending = false
  #whole = false

  constructor(session: SessionFlow, tx: Transaction, done: () => void) {
    this.#session = session
    this.#tx = tx
    this.#done = done
    const { messageSizeLimit, cleanupReplaceStrayCrLf } = session.graph.settings
    this.#limit = messageSizeLimit
    this.#stray = cleanupReplaceStrayCrLf ? new StrayCr() : undefined
    this.#characters = Characters.of(session.graph.settings)
  }
  write(given: Uint8Array): Promise<void> | undefined {
    this.#size += given.length
    if (this.#over) return undefined
    if (this.#limit > 0 && this.#size > this.#limit) return this.#forget(TOO_BIG)
    const bytes = Buffer.isBuffer(given) ? given : Buffer.from(given.buffer, given.byteOffset, given.byteLength)
    const lines = this.#stray ? this.#stray.clean(bytes) : bytes
    const chunk = this.#characters ? this.#characters.clean(lines) : lines
    if (this.#characters?.found !== undefined) return this.#forget(DISALLOWED)
    // a CR alone waits for what follows
    if (chunk.length === 0) return undefined
    if (this.#header) return this.#body().write(chunk)
    this.#head.push(chunk)
    this.#headBytes += chunk.length
    return this.#split(false)
  }
  end(): Promise<Reply> {
    this.#ending = true
    this.#whole = true
    return this.#session.holding(() => this.#end())
  }
  async #end(): Promise<Reply> {
    const { engine, graph, view } = this.#session
    try {
      if (this.#over) return this.#refused(this.#over, 'core', this.#why)
      const id = this.#tx.id!
      if (this.#tx.discardedBy !== undefined) return this.#discarded(id)
      if (!this.#header) {
        await this.#split(true)
        if (this.#over) return this.#refused(this.#over)
      }
      const body = await this.#body().end()
      const draft = new Draft(
        id,
        { kind: view.protocol, listener: view.listener, session: view.id },
        this.#tx.envelope,
        new Header(this.#header!),
        body,
        view,
        this.#tx.slots,
      )
      draft.headerOnly = this.#headerOnly
      const p = this.#tx.parameters
      draft.smtputf8 = p.smtputf8 ?? false
      draft.body7or8 = p.body
      draft.envid = p.envid
      draft.ret = p.ret
      draft.header.prepend(
        received({
          site: graph.settings,
          id,
          at: engine.clock.now(),
          session: view,
          smtputf8: p.smtputf8,
          recipient: this.#tx.only,
        }),
      )
      // several inserts on top keep the order they were answered in, as Postfix's PREPEND does
      let top = 0
      for (const edit of this.#tx.headerEdits)
        draft.header.apply(edit.kind === 'header.insert' && edit.at === 'top' ? { ...edit, at: top++ } : edit)
      const { scope, trace, hooks } = this.#session
      if (trace) this.#session.explained = draft.envelope
      const accepted = await accept(draft, {
        engine,
        graph,
        hooks,
        scope,
        trace,
        reason: `received by ${view.protocol}`,
      })
      if (accepted.id === undefined && accepted.by !== undefined)
        return this.#refused(accepted.reply, accepted.by, accepted.cause)
      return accepted.reply
    } catch (error) {
      this.#sink?.abort()
      graph.log.error('intake.failed', {
        session: view.id,
        cause: traceOf(error),
      })
      return this.#refused({ code: 451, esc: '4.3.0', text: 'Error: queue file write error' }, 'queue', error)
    } finally {
      this.#done()
    }
  }
  /** What the log says of a refusal, where its text does not. */
  get #why(): string | undefined {
    const found = this.#characters?.found
    return found === undefined ? undefined : `content ${found}`
  }
  /** Bytes of what was not complete when it was cut off. */
  get cutOff(): number | undefined {
    return this.#whole ? undefined : this.#size
  }
  /** Nothing once `end` has begun: what is being committed must stay whole. */
  abort(): void {
    if (this.#ending) return
    this.#ending = true
    this.#sink?.abort()
    this.#sink = undefined
    this.#head = []
    this.#done()
  }

  #split(complete: boolean): Promise<void> | undefined {
    const bytes = this.#head.length === 1 ? this.#head[0]! : Buffer.concat(this.#head, this.#headBytes)
    const { headerSizeLimit } = this.#session.graph.settings
    const cut = findBody(bytes, complete)
    if ((cut.body < 0 ? bytes.length : cut.header) > headerRoom(headerSizeLimit)) return this.#forget(HEADER_TOO_BIG)
    if (cut.body < 0) {
      this.#head = [bytes]
      return undefined
    }
    this.#header = cutFields(bytes.subarray(0, cut.header), headerSizeLimit)
    this.#headerOnly = endsWithHeader(cut, bytes.length)
    this.#head = []
    return cut.body < bytes.length ? this.#body().write(bytes.subarray(cut.body)) : undefined
  }
  #body(): BodySink {
    return (this.#sink ??= this.#session.trace
      ? memorySink()
      : this.#session.engine.store.body(this.#tx.parameters.size))
  }
  #forget(why: Reply): undefined {
    this.#over = why
    this.#sink?.abort()
    this.#sink = undefined
    this.#head = []
  }
  #discarded(id: string): Reply {
    this.#sink?.abort()
    if (!this.#session.trace)
      this.#session.graph.facts.discarded?.({ messageId: id, by: this.#tx.discardedBy!, sender: this.#tx.sender.text })
    return queuedAs(id)
  }
  #refused(said: Reply, by = 'core', cause?: unknown): Reply {
    const reply = this.#session.softBounce ? soften(said) : said
    const { graph, view } = this.#session
    if (!this.#session.trace)
      graph.facts.refused?.({
        session: view,
        stage: 'END-OF-MESSAGE',
        reply,
        sender: this.#tx.sender.text,
        recipient: this.#tx.only,
        last: this.#tx.last,
        by,
        cause,
      })
    return reply
  }
}
