/** A made-up client and message, run through the very same hooks: each tap's answer, each lookup, each edit, each reply. */
import type { TraceEvent } from './contract/call.ts'
import type { Reply } from './contract/facts.ts'
import type { Decision } from './contract/listener.ts'
import type { MailParameters, RcptParameters } from './contract/views.ts'
import { NULL_SENDER, parseAddress } from './address.ts'
import { PosternError } from './errors.ts'
import type { Graph } from './graph/graph.ts'
import type { Engine } from './flow/engine.ts'
import { toCrlf } from './flow/body.ts'
import { queuedAs } from './flow/replies.ts'
import { resolveAll } from './flow/resolve.ts'
import type { ResolvedAddress } from './flow/resolve.ts'
import { SessionFlow } from './flow/session.ts'
import { nearest } from './nearest.ts'

export interface Scenario {
  /** IP address of the client; default 127.0.0.1 */
  readonly client?: string
  /** verified host name; default `unknown`, `localhost` for loopback */
  readonly clientName?: string
  readonly helo?: string
  /** `''` is the null sender */
  readonly sender: string
  readonly recipients: readonly string[]
  /** header, empty line, body */
  readonly message?: string | Uint8Array
  /** as which authenticated user */
  readonly user?: string
  /** default: the first one */
  readonly listener?: string
  readonly mailParameters?: MailParameters
  readonly rcptParameters?: RcptParameters
}
export interface ExplainStep {
  /** what the client says */
  readonly command: string
  /** what it would have read */
  readonly reply: Reply
  readonly events: readonly TraceEvent[]
}
export interface ExplainRoute {
  readonly recipient: string
  readonly result: ResolvedAddress
  readonly events: readonly TraceEvent[]
}
export interface ExplainReport {
  readonly listener: string
  readonly steps: readonly ExplainStep[]
  readonly routes: readonly ExplainRoute[]
  /** would the message have been queued? */
  readonly accepted: boolean
}

export async function explain(engine: Engine, graph: Graph, s: Scenario): Promise<ExplainReport> {
  const run = new Run(engine, graph, s)
  try {
    return await run.all()
  } finally {
    run.end()
  }
}

class Run {
  readonly #engine: Engine
  readonly #graph: Graph
  readonly #scenario: Scenario
  readonly #listener: string
  readonly #session: SessionFlow
  readonly #steps: ExplainStep[] = []
  #events: TraceEvent[] = []

  constructor(engine: Engine, graph: Graph, s: Scenario) {
    this.#engine = engine
    this.#graph = graph
    this.#scenario = s
    this.#listener = s.listener ?? graph.listeners.keys().next().value ?? ''
    const hooks = this.#listener === '' ? graph.plain : graph.listeners.get(this.#listener)
    if (!hooks) {
      const names = [...graph.listeners.keys()]
      const near = nearest(this.#listener, names)
      throw new PosternError(
        'PN_CONFIG_INVALID',
        `there is no listener "${this.#listener}"${near ? `; did you mean "${near}"?` : ''}; there are: ${names.join(', ') || 'none'}`,
      )
    }
    const address = s.client ?? '127.0.0.1'
    const name = s.clientName ?? (/^127\.|^::1$/.test(address) ? 'localhost' : 'unknown')
    const client = { address, port: 0, name, reverseName: name }
    const facts = { protocol: 'smtp' as const, client, server: { address: '127.0.0.1', port: 25 } }
    this.#session = new SessionFlow(engine, { graph, release: () => undefined }, hooks, facts, (e) =>
      this.#events.push(e),
    )
  }
  end(): void {
    this.#session.end()
  }
  async all(): Promise<ExplainReport> {
    const s = this.#scenario
    const session = this.#session
    const { myhostname, mailName } = this.#graph.settings
    const ok = (code: number, esc: string | undefined, text: string): Reply => ({ code, esc, text })
    let open = await this.#step('(connect)', session.connect(), ok(220, undefined, `${myhostname} ESMTP ${mailName}`))
    const helo = s.helo ?? 'client.example'
    open = open && (await this.#step(`EHLO ${helo}`, session.helo('EHLO', helo), ok(250, undefined, myhostname)))
    if (open && s.user !== undefined)
      open = await this.#step(
        `AUTH (as ${s.user})`,
        session.authenticated(s.user, 'EXPLAIN'),
        ok(235, '2.7.0', 'Authentication successful'),
      )
    open =
      open &&
      (await this.#step(
        `MAIL FROM:<${s.sender}>`,
        session.mail(address(s.sender), s.mailParameters ?? {}),
        ok(250, '2.1.0', 'Ok'),
      ))
    const accepted: string[] = []
    for (const r of open ? s.recipients : []) {
      const good = await this.#step(
        `RCPT TO:<${r}>`,
        session.rcpt(address(r), s.rcptParameters ?? {}),
        ok(250, '2.1.5', 'Ok'),
      )
      if (good) accepted.push(r)
      if (this.#steps[this.#steps.length - 1]!.reply.close) break
    }
    open =
      open &&
      accepted.length > 0 &&
      (await this.#step('DATA', session.data(), ok(354, undefined, 'End data with <CR><LF>.<CR><LF>')))
    const done = open && (await this.#content())
    const routes: ExplainRoute[] = []
    // the envelope as the taps left it; where the others would go is worth knowing too when the client was refused
    const left = this.#session.explained?.recipients.map((r) => r.address)
    for (const r of left ?? (accepted.length > 0 ? accepted : s.recipients)) routes.push(await this.#route(r))
    return { listener: this.#listener, steps: this.#steps, routes, accepted: done }
  }
  async #content(): Promise<boolean> {
    const text = this.#scenario.message ?? 'Subject: explain\r\n\r\nA message that is never sent.\r\n'
    const sink = this.#session.content()
    await sink.write(toCrlf(text))
    return this.#step('(message)', sink.end(), queuedAs('EXPLAIN'))
  }
  async #route(recipient: string): Promise<ExplainRoute> {
    this.#events = []
    const envelope = this.#session.explained
    const subject = {
      messageId: 'EXPLAIN',
      envelope: {
        sender: envelope?.sender ?? this.#scenario.sender,
        origin: { kind: 'smtp', listener: this.#listener, session: this.#session.view.id } as const,
        marks: envelope?.marks.all() ?? {},
        route: envelope?.route,
      },
      address: address(recipient).text,
      original: recipient,
      ancestors: [],
      final: false,
    }
    const result = await resolveAll(this.#engine, this.#graph, subject, (e) => this.#events.push(e))
    return { recipient, result, events: this.#events }
  }
  /** True when the client may go on. */
  async #step(command: string, decision: Decision | Promise<Decision>, otherwise: Reply): Promise<boolean> {
    const given = decision instanceof Promise ? await decision : decision
    const reply = given ?? otherwise
    this.#steps.push({ command, reply, events: this.#events })
    this.#events = []
    return reply.code < 400
  }
}
function address(text: string) {
  if (text === '') return NULL_SENDER
  const a = parseAddress(text, { lenient: true })
  if (!a) throw new PosternError('PN_REFUSED', `${JSON.stringify(text)} is not an address`)
  return a
}
