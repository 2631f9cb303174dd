/** One job: sites, servers and connections in turn, until each recipient has an outcome or nothing is left to try. */
import type { Call, Job, JobRecipient, Outcome, Outcomes } from '@postern/core'
import { deferred } from '@postern/core'
import { MimeTooDeep } from '@postern/mime'
import { refusals } from './acceptable.ts'
import { passOn } from './best-mx.ts'
import { Connection } from './connection.ts'
import { contentFor } from './content.ts'
import { dial } from './dial.ts'
import type { FactsOptions, MessageFacts } from './envelope.ts'
import { breaksCommand, messageFacts } from './envelope.ts'
import type { Failure } from './failure.ts'
import { findHosts } from './hosts.ts'
import { mustLogIn } from './login.ts'
import { Message } from './message.ts'
import type { Site } from './nexthop.ts'
import type { Keys } from './kept-keys.ts'
import { down, failureOutcome, INTERRUPTED, tooDeep, UNAVAILABLE } from './outcome.ts'
import type { Peer } from './peer.ts'
import { peer } from './peer.ts'
import { replyFilter } from './reply-filter.ts'
import type { ReplyFilter } from './replies.ts'
import { rewriteOutgoing } from './rewritten.ts'
import type { Settings } from './settings.ts'
import type { Source } from './sources.ts'
import { ANY } from './sources.ts'
import type { TlsDemand } from './tls-policy.ts'

/** ms; Postfix's minimal_backoff_time */
const MINIMAL_BACKOFF = 300_000

export class Delivery {
  readonly #job: Job
  readonly #call: Call
  readonly #settings: Settings
  readonly #reading: FactsOptions
  #facts: MessageFacts
  readonly #filter: ReplyFilter | undefined
  /** recipients without outcome */
  #left: JobRecipient[]
  /** why each recipient that is left could not be delivered so far; a failure of the site stands for all */
  readonly #why = new Map<JobRecipient, Outcome>()
  #siteWhy: Outcome | undefined
  /** sessions with servers of this site */
  #sessions = 0
  /** one of them came to a good end, whatever the server said: others may fail, the site is there */
  #completed = false
  #connection: Connection | undefined
  #source: Source = ANY
  /** of the site that is tried */
  #demand: TlsDemand | undefined
  #keys: Keys | undefined

  constructor(job: Job, call: Call, settings: Settings) {
    this.#job = job
    this.#call = call
    this.#settings = settings
    const { quoted, content } = settings
    this.#reading = { quoted, detect: content.detect }
    this.#facts = messageFacts(job, this.#reading)
    this.#filter = replyFilter(settings.replyFilter, call)
    this.#left = [...job.recipients]
  }

  async run(): Promise<Outcomes> {
    const heed = this.#call.onAbort(() => this.#connection?.abort())
    try {
      const rewriter = this.#settings.rewriter()
      if (rewriter) {
        const rewritten = await rewriteOutgoing(this.#job, rewriter, this.#call)
        if ('kind' in rewritten) return this.#job.all(rewritten)
        this.#facts = messageFacts(this.#job, this.#reading, rewritten)
      }
      this.#refuseBroken()
      const source = this.#settings.sources.choose(this.#job, this.#call)
      const chosen = source instanceof Promise ? await source : source
      if ('kind' in chosen) return this.#job.all(chosen)
      this.#source = chosen
      await this.#sites()
    } finally {
      heed()
    }
    for (const recipient of this.#left) {
      const why = this.#why.get(recipient)
      if (why) this.#job.settle(recipient, withRelay(why))
    }
    const rest = this.#siteWhy ?? (this.#call.aborted ? INTERRUPTED : UNAVAILABLE)
    return this.#job.all(withRelay(this.#completed && rest.siteDown ? { ...rest, siteDown: undefined } : rest))
  }

  async #sites(): Promise<void> {
    const { nexthops, fallback } = this.#settings
    const own = nexthops.sites(this.#job.nexthop)
    const other = fallback === '' ? NONE : nexthops.sites(fallback)
    if (!own || !other) {
      const text = `mail system configuration error: bad next hop ${own ? fallback : this.#job.nexthop}`
      return this.#siteFailed(deferred('4.3.5', text))
    }
    const all = other.length > 0 ? [...own, ...other] : own
    for (let n = 0; n < all.length; n++) {
      const more = await this.#site(all[n]!, n >= own.length)
      if (!more || this.#over()) return
    }
  }
  /** False: no other site may be tried. */
  async #site(site: Site, isFallback: boolean): Promise<boolean> {
    this.#sessions = 0
    const demand = this.#settings.tls.for(nameOf(site), this.#call)
    this.#demand = demand instanceof Promise ? await demand : demand
    this.#keys = this.#settings.keys.of(site, this.#source, this.#demand)
    const used = this.#demand && (await this.#keptFor())
    if (this.#over() || this.#sessions >= this.#settings.sessionLimit) return true
    if (site.kind === 'unix') {
      const socket = peer(this.#settings.myhostname, site.path, undefined, true)
      if (socket.relay !== used) await this.#server(socket, site)
      return true
    }
    const answer = await findHosts(site, this.#settings.hosts, this.#call)
    if (this.#call.aborted) return false
    if (answer.kind === 'none') {
      const { bestMx } = this.#settings
      if (answer.isBest && bestMx && !isFallback) {
        await passOn(this.#job, this.#left, bestMx, this.#call)
        this.#left = []
        return false
      }
      // that mail for a fall-back loops or bounces is a mistake of ours, not of the sender
      this.#siteFailed(isFallback ? misconfigured(answer.outcome) : answer.outcome)
      return answer.loop !== true
    }
    for (const server of answer.peers.slice(0, this.#settings.addressLimit)) {
      if (server.relay !== used) await this.#server(server, site)
      if (this.#over() || this.#sessions >= this.#settings.sessionLimit) return true
    }
    return true
  }
  /** A kept connection to this next hop saves the DNS too. Answers the server that has had its say. */
  async #keptFor(): Promise<string | undefined> {
    const kept = this.#settings.cache().take(this.#keys!.site)
    if (!kept || !(await this.#talk(kept))) return undefined
    return kept.peer.relay
  }
  async #server(server: Peer, site: Site): Promise<void> {
    const login = await mustLogIn(this.#settings.passwords, server, nameOf(site), this.#facts.sender, this.#call)
    if (login) return this.#siteFailed(login)
    const demand = this.#demand
    if (!demand) return this.#siteFailed(down('4.7.5', 'client TLS configuration problem'))
    const kept = this.#settings.cache().take(this.#keys!.server(server))
    if (kept && (await this.#talk(kept))) return
    const { clock, log } = this.#call
    // a handshake that failed once may succeed in a moment: only mail that has waited goes in clear for it
    const mayFallBack = clock.now() - this.#job.envelope.created >= MINIMAL_BACKOFF
    const connection = await dial(server, {
      settings: this.#settings,
      source: this.#source,
      demand,
      call: this.#call,
      log,
      mayFallBack,
      current: (dialling) => this.#current(dialling),
    })
    if (connection instanceof Connection) await this.#talk(connection)
    else this.#failed(connection, server, true)
  }
  #current(connection: Connection): void {
    this.#connection = connection
    connection.filter = this.#filter
    if (this.#call.aborted) connection.abort()
  }
  /** False: a kept connection was found dead before anything of this message was taken. */
  async #talk(connection: Connection): Promise<boolean> {
    const reused = connection.uses > 0
    this.#current(connection)
    for (const { of, outcome } of refusals(connection, this.#job, this.#facts, this.#settings))
      this.#failAll(of, outcome)
    if (this.#left.length > 0) {
      this.#why.clear()
      const failure = await this.#send(connection, this.#left)
      if (failure && reused && failure.kind === 'lost' && isBeforeMail(failure)) return false
      if (failure) this.#failed(failure, connection.peer, false)
      else this.#completed = true
    } else this.#completed = true
    this.#sessions++
    const keys = this.#keys!
    const server = keys.server(connection.peer)
    this.#settings.cache().give(connection, connection.peer.best ? [keys.site, server] : [server])
    return true
  }

  /** Content that cannot be made fit for the server fails, as in Postfix; what was said of it before, the server forgets. */
  async #send(connection: Connection, recipients: readonly JobRecipient[]): Promise<Failure | undefined> {
    const { features, peer: server } = connection
    try {
      // asked only: MAIL, RCPT and no DATA, as Postfix's probes
      const content = this.#call.dry ? undefined : contentFor(this.#job, this.#facts, features, this.#settings.content)
      if (content && this.#facts.eightBit && !features.eightBit && content.body === this.#job.body)
        this.#call.log.info('smtp.8bit.unconverted', { relay: server.relay })
      this.#job.ready?.(connection.uses + 1)
      const failure = await Message.send(connection, this.#job, this.#facts, content, recipients, this.#tell)
      if (failure?.kind !== 'body') return failure
      throw failure.cause
    } catch (error) {
      if (error instanceof MimeTooDeep) this.#failAll(() => true, tooDeep(error.message, server))
      else throw error
    }
    return undefined
  }
  #refuseBroken(): void {
    if (breaksCommand(this.#facts.sender)) {
      this.#failAll(() => true, { kind: 'failed', esc: '5.1.7', text: 'bad sender address syntax' })
    }
    this.#failAll((r) => breaksCommand(this.#facts.addressOf(r)), {
      kind: 'failed',
      esc: '5.1.3',
      text: 'bad recipient address syntax',
    })
  }
  /** Settles those of the recipients left, and answers the others. */
  #failAll(which: (recipient: JobRecipient) => boolean, outcome: Outcome): readonly JobRecipient[] {
    for (const recipient of this.#left.filter(which)) this.#tell(recipient, outcome)
    return this.#left
  }

  readonly #tell = (recipient: JobRecipient, outcome: Outcome): void => {
    // a temporary failure of this server; another one may take the recipient
    if (outcome.kind === 'deferred') return void this.#why.set(recipient, outcome)
    this.#left = this.#left.filter((r) => r !== recipient)
    this.#job.settle(recipient, withRelay(outcome))
  }
  #failed(failure: Failure, server: Peer, forAll: boolean): void {
    this.#siteFailed(failureOutcome(failure, server, this.#settings.skip5xxGreeting), forAll)
  }
  /** `forAll`: what another server said before about single recipients is void, as for Postfix: the last failure counts. */
  #siteFailed(outcome: Outcome, forAll = true): void {
    this.#call.log.info('smtp.site.failed', { nexthop: this.#job.nexthop, text: outcome.text })
    // refused for good by a server: no other will be asked
    if (outcome.kind === 'failed' && outcome.relay !== undefined) return void this.#failAll(() => true, outcome)
    // what DNS says of one site does not make the temporary failure of another one permanent
    if (outcome.kind === 'failed' && (this.#why.size > 0 || this.#siteWhy?.kind === 'deferred')) return
    if (forAll) this.#why.clear()
    this.#siteWhy = outcome
  }
  #over(): boolean {
    return this.#left.length === 0 || this.#call.aborted
  }
}

const NONE: readonly Site[] = []
const misconfigured = (outcome: Outcome): Outcome => (outcome.kind === 'failed' ? down('4.3.5', outcome.text) : outcome)
/** As tables of next hops know it. */
const nameOf = ({ text }: Site): string => (text.startsWith('inet:') ? text.slice(5) : text)
/** Nobody answered: that is told too. */
const withRelay = (outcome: Outcome): Outcome => (outcome.relay === undefined ? { ...outcome, relay: 'none' } : outcome)
const isBeforeMail = ({ stage }: Failure): boolean => stage === 'rset' || stage === 'mail'
