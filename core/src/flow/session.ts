/** One client's dialogue: runs the stages and says what to reply. */
import type { Reply } from '../contract/facts.ts'
import type { ContentSink, Decision, MaybePromise, OpenSession, Session } from '../contract/listener.ts'
import type { Stage, View } from '../contract/stages.ts'
import type { Defer, Refuse } from '../contract/verdicts.ts'
import type { Trace } from '../contract/call.ts'
import type { MailParameters, RcptParameters, TlsFacts } from '../contract/views.ts'
import { NULL_SENDER, asGiven, originalOf } from '../address.ts'
import type { MailAddress } from '../address.ts'
import type { Graph, ListenerHooks } from '../graph/graph.ts'
import { AbortScope } from '../hooks/call.ts'
import type { Result } from '../hooks/guard.ts'
import { Content } from './content.ts'
import type { EnvelopeState } from './draft.ts'
import { runHook, runStage, then } from './engine.ts'
import type { Engine } from './engine.ts'
import {
  BAD_RECIPIENT,
  BAD_SENDER,
  FAULT_AT_GREETING,
  NEED_MAIL,
  NEED_RCPT,
  NESTED_MAIL,
  NO_RECIPIENTS,
  NO_SPACE,
  TOO_BIG_DECLARED,
  TOO_MANY_RECIPIENTS,
  relayDenied,
  replyOf,
  soften,
  replyOfRefusal,
} from './replies.ts'
import type { Answered, KeptStage } from './kept.ts'
import { Dialogue } from './dialogue.ts'
import { SessionFacts, newSessionId } from './session-facts.ts'
import { isSound } from './sound.ts'
import { Transaction } from './transaction.ts'

type Early = Exclude<KeptStage, 'rcpt'>

/** control characters too */
const NEUTERED = /[\x00-\x20\x7f<>()\\";@]/g // eslint-disable-line no-control-regex
/** One for all: taking a stack for each costs more than everything else at the end of a session. */
const CLIENT_GONE = new Error('the client has gone')

export class SessionFlow implements Session {
  readonly view: SessionFacts
  readonly scope = new AbortScope()
  readonly engine: Engine
  readonly graph: Graph
  readonly hooks: ListenerHooks
  readonly trace: Trace | undefined
  readonly #release: () => void
  readonly #began: number
  readonly #recipientLimit: number
  readonly softBounce: boolean
  readonly #now: Dialogue
  readonly #unlink: () => void
  /** under explain: the envelope as cleanup left it */
  explained: EnvelopeState | undefined
  #content: Content | undefined
  #committing = 0
  #commands = 0
  #ended = false
  /** VRFY asks what RCPT would say; whose mail is open meanwhile, is told */
  #verifying: { readonly sender: string | undefined } | undefined

  constructor(
    engine: Engine,
    pinned: { graph: Graph; release(): void },
    hooks: ListenerHooks,
    facts: OpenSession,
    trace?: Trace,
  ) {
    this.engine = engine
    this.graph = pinned.graph
    this.hooks = hooks
    this.trace = trace
    this.#release = pinned.release
    this.#began = engine.clock.now()
    this.softBounce = facts.softBounce ?? pinned.graph.settings.softBounce
    this.#recipientLimit = facts.recipientLimit ?? pinned.graph.settings.recipientLimit
    // a stop that has waited long enough ends what sessions wait for
    this.#unlink = engine.scope.onAbort((reason) => this.scope.abort(reason))
    this.#now = new Dialogue(facts)
    this.view = new SessionFacts(newSessionId(), hooks.name, facts, this.#now.state)
    if (!trace) this.graph.facts.connected?.({ session: this.view })
  }

  connect(): MaybePromise<Decision> {
    return this.#earlyStage('connect', FAULT_AT_GREETING)
  }
  helo(verb: 'HELO' | 'EHLO' | 'LHLO', name: string): MaybePromise<Decision> {
    this.reset()
    // what would mean something in a Received field or in the log is made harmless, as Postfix does
    this.#now.state.helo = { verb, name: name.replace(NEUTERED, '?') }
    return this.#earlyStage('helo')
  }
  secured(tls: TlsFacts): void {
    this.reset()
    this.#now.state.tls = tls
    this.#now.state.helo = undefined
    // what the client proved in clear, somebody in the middle may have proved (RFC 3207 section 4.2)
    this.#now.state.auth = undefined
    this.#now.kept.forget('helo')
    this.#now.kept.forget('auth')
    this.#now.state.slots.clear()
  }
  authenticated(user: string, mechanism: string): MaybePromise<Decision> {
    this.#now.state.auth = { user, mechanism }
    if (!this.trace) this.graph.facts.authenticated?.({ session: this.view, user, mechanism })
    return this.#earlyStage('auth')
  }
  isSound(address: MailAddress): boolean {
    return isSound(address, this.graph)
  }
  mail(sender: MailAddress, parameters: MailParameters): MaybePromise<Decision> {
    if (this.#now.tx) return this.#refuse('MAIL', NESTED_MAIL)
    if (!this.isSound(sender)) return this.#refuse('MAIL', BAD_SENDER)
    const limit = this.graph.settings.messageSizeLimit
    if (limit > 0 && (parameters.size ?? 0) > limit) return this.#refuse('MAIL', TOO_BIG_DECLARED)
    if (!this.trace && this.engine.store.health().refusing) return this.#refuse('MAIL', NO_SPACE)
    this.#now.tx = new Transaction(this.view, sender, parameters, this.graph)
    return then(this.#earlyStage('mail'), (reply) => {
      // what is refused at once leaves no transaction behind
      if (reply) this.#now.endTransaction()
      return reply
    })
  }
  rcpt(recipient: MailAddress, parameters: RcptParameters): MaybePromise<Decision> {
    const tx = this.#now.tx
    if (!tx) return this.#refuse('RCPT', NEED_MAIL)
    if (!this.isSound(recipient)) return this.#refuse('RCPT', BAD_RECIPIENT, recipient)
    if (tx.envelope.recipients.length >= this.#recipientLimit)
      return this.#refuse('RCPT', TOO_MANY_RECIPIENTS, recipient)
    return then(this.#judge(tx, recipient, parameters), (reply) => {
      if (reply) return reply
      tx.accept(this.graph.rewriter.standard(recipient), recipient, parameters)
      for (const edit of this.#now.rcptEdits) tx.envelope.apply(edit, 'rcpt')
      if (tx.id === undefined) this.#begun(tx)
      return undefined
    })
  }
  #begun(tx: Transaction): void {
    tx.id = this.trace ? 'EXPLAIN' : this.engine.store.newId()
    if (!this.trace) this.graph.facts.begun?.({ session: this.view, messageId: tx.id })
  }
  verify(recipient: MailAddress): MaybePromise<Decision> {
    if (!this.isSound(recipient)) return BAD_RECIPIENT
    const open = this.#now.tx
    this.#now.tx = new Transaction(this.view, NULL_SENDER, {}, this.graph)
    this.#verifying = { sender: given(open?.senderGiven) }
    return then(this.#judge(this.#now.tx, recipient, {}), (reply) => {
      this.#verifying = undefined
      this.#now.tx = open
      return reply
    })
  }
  data(): MaybePromise<Decision> {
    const tx = this.#now.tx
    if (!tx) return this.#refuse('DATA', NEED_RCPT)
    if (tx.accepted.length === 0) return this.#refuse('DATA', NO_RECIPIENTS)
    return then(this.#run('data', tx), (result) => this.#decided('DATA', result, undefined))
  }
  content(): ContentSink {
    const tx = this.#now.tx
    if (!tx) throw new Error('content without a transaction')
    this.#content = new Content(this, tx, () => this.#now.endTransaction())
    return this.#content
  }
  command(verb: string, argument: string): MaybePromise<Reply | undefined> {
    const hook = this.hooks.commands.get(verb.toUpperCase())
    if (!hook) return undefined
    const view = { session: this.view, verb: verb.toUpperCase(), argument, transaction: this.#now.tx !== undefined }
    return then(runHook(hook, view, this.#frame()), (result) => {
      if (result?.fault) return this.#decided(verb, result, undefined)
      return result?.verdict as unknown as Reply | undefined
    })
  }
  reset(): void {
    this.#now.endTransaction()
  }
  replied(command: string, reply: Reply, line?: string): void {
    this.#commands++
    this.graph.facts.replied?.({ session: this.view, command, line, reply })
  }
  refused(stage: string, reply: Reply): void {
    this.#refuse(stage, reply)
  }
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.scope.abort(CLIENT_GONE)
    this.#unlink()
    const content = this.#content?.cutOff
    // what is still coming in will not be complete; what is being committed goes on
    this.#content?.abort()
    this.#now.endTransaction()
    this.#now.state.slots.clear()
    if (!this.trace)
      this.graph.facts.disconnect?.({
        session: this.view,
        commands: this.#commands,
        ms: this.engine.clock.now() - this.#began,
        content,
      })
    if (this.#committing === 0) this.#release()
  }
  /** The graph is needed until a commit has ended, whether the client waits for it or not. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    this.#committing++
    try {
      return await work()
    } finally {
      if (--this.#committing === 0 && this.#ended) this.#release()
    }
  }

  /** Relay, then rcpt, then what earlier stages kept. What nobody claims is refused. */
  #judge(tx: Transaction, recipient: MailAddress, parameters: RcptParameters): MaybePromise<Decision> {
    this.#now.kept.forget('rcpt')
    this.#now.rcptEdits = []
    const early = this.#now.kept.first('refused')
    if (early) return this.#refuse('RCPT', early.reply, recipient, early.result)
    const view = tx.rcptView(this.graph.rewriter.standard(recipient), recipient, parameters)
    this.#now.stage = 'rcpt'
    return then(this.#run('relay', view), (claimed) => {
      if (claimed?.verdict?.kind !== 'claim')
        return this.#settled(claimed ? replyOf(claimed)! : relayDenied(asGiven(recipient)), recipient, claimed)
      return then(this.#run('rcpt', view), (result) => {
        const reply = this.#settled(replyOf(result), recipient, result)
        // only what was accepted can be dropped
        if (!reply && result?.verdict?.kind === 'discard') tx.discardedBy = result.by.use.name
        return reply
      })
    })
  }
  /** defer_if_reject and defer_if_permit have the last word (Postfix's smtpd_access). */
  #settled(reply: Reply | undefined, recipient: MailAddress, result: Result | undefined): Decision {
    this.#now.stage = 'connect'
    const kept = this.#now.kept.first('later')
    const final = reply ?? (kept && replyOfRefusal(kept.verdict))
    const instead = !final
      ? this.#now.kept.first('deferIfPermit')
      : final.code >= 500
        ? this.#now.kept.first('deferIfReject')
        : undefined
    const said = instead ? replyOfRefusal(instead.verdict) : final
    const late = instead ?? (reply ? undefined : kept)
    return said && this.#refuse('RCPT', said, recipient, late ?? result)
  }
  #earlyStage(stage: Early, fault?: Reply): MaybePromise<Decision> {
    this.#now.kept.forget(stage)
    this.#now.stage = stage
    const view = stage === 'mail' ? this.#now.tx! : this.view
    return then(this.#run(stage, view as never), (result) => {
      this.#now.stage = 'connect'
      const reply = replyOf(result, fault)
      if (!reply || !result) return undefined
      const now = result.fault || result.verdict?.kind === 'hangUp' || !this.graph.settings.smtpdDelayReject
      // a client that does not heed the reply meets it again at RCPT
      if (result.fault) this.#now.kept.put(stage, 'refused', { reply, result })
      if (now) return this.#refuse(stage, reply, undefined, result)
      this.#now.kept.put(stage, 'refused', { reply, result })
      return undefined
    })
  }
  #decided(stage: string, result: Result | undefined, recipient: MailAddress | undefined): Decision {
    const reply = replyOf(result)
    return reply && this.#refuse(stage, reply, recipient, result)
  }
  #run<S extends Stage>(stage: S, view: View<S>): MaybePromise<Result | undefined> {
    return runStage(this.hooks.hooks, stage, view, this.#frame())
  }
  #frame() {
    return {
      scope: this.scope,
      clock: this.engine.clock,
      log: this.graph.log,
      trace: this.trace,
      edits: this.#now,
      ids: { session: this.view.id },
    }
  }
  /** `source`: what a tap answered, now or earlier; without it the core says it. */
  #refuse(stage: string, said: Reply, recipient?: MailAddress, source?: Result | Answered<Refuse | Defer>): Reply {
    const reply = this.softBounce ? soften(said) : said
    const fault = source && 'fault' in source ? source.fault : undefined
    if (this.graph.facts.refused && !this.trace)
      this.graph.facts.refused({
        session: this.view,
        stage: this.#verifying ? 'VRFY' : stage,
        reply,
        sender: this.#verifying ? this.#verifying.sender : given(this.#now.tx?.senderGiven),
        recipient: given(recipient) ?? (stage === 'DATA' ? this.#now.tx?.only : undefined),
        by: source === undefined ? 'core' : typeof source.by === 'string' ? source.by : source.by.use.name,
        cause: fault?.cause ?? (source?.verdict as { cause?: unknown } | undefined)?.cause,
      })
    return reply
  }
}

const given = (a: MailAddress | undefined): string | undefined => a && originalOf(a)
