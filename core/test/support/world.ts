/** A node for tests: a listener, a claim and a route for all, a transport that writes down what it gets. */
import { z } from 'zod'
import { claim, createNode, definePlugin, delivered, loadConfig, parseAddress, routeTo } from '@postern/core'
import type { Clock, Config, Job, Listener, LogSink, Mta, Node, Outcome, PosternError, Session } from '@postern/core'
import type { MailParameters, Reply } from '@postern/core'
import { MemoryStore, memoryQueue } from './memory-store.ts'

export const plugin = (name: string, apply: (mta: Mta) => void) =>
  definePlugin({ name, options: z.strictObject({}), apply: (mta) => apply(mta as Mta) })

export interface Line {
  readonly level: string
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}
export class LogBook implements LogSink {
  readonly lines: Line[] = []
  enabled(): boolean {
    return true
  }
  write(level: string, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.lines.push({ level, event, fields })
  }
  of(event: string): Line[] {
    return this.lines.filter((l) => l.event === event)
  }
}
export interface Delivery {
  readonly to: string[]
  readonly nexthop: string
  readonly header: string
  readonly body: string
  readonly sender: string
}
export interface WorldOptions {
  readonly clock?: Clock
  readonly config?: Config
  /** uses in front of the base */
  readonly uses?: readonly unknown[]
  readonly listeners?: readonly string[]
  readonly outcome?: (address: string, job: Job) => Outcome | Promise<Outcome>
  /** instead of the transport that writes down */
  readonly deliver?: (mta: Mta) => void
  /** false: no claim, or no route for all */
  readonly claim?: boolean
  readonly route?: boolean
  readonly store?: MemoryStore
  readonly start?: boolean
}

export class World {
  readonly store: MemoryStore
  readonly log = new LogBook()
  readonly deliveries: Delivery[] = []
  /** by name; those of the graph that was built last */
  readonly doors = new Map<string, () => Listener>()
  readonly #options: WorldOptions
  readonly #mine: (mta: Mta) => void
  node!: Node
  #session: Session | undefined

  constructor(mine: (mta: Mta) => void, options: WorldOptions) {
    this.#mine = mine
    this.#options = options
    this.store = options.store ?? new MemoryStore()
  }
  /** What `loadConfig` makes of this world, with other settings or taps if wanted. */
  load(more: Config = {}, mine = this.#mine, uses = this.#options.uses ?? []) {
    return loadConfig({
      config: {
        myhostname: 'mx.example.org',
        ...this.#options.config,
        ...more,
        plugins: [memoryQueue(this.store), ...uses, plugin('mine', mine), this.#base()],
      },
    })
  }
  async start(): Promise<void> {
    this.node = await createNode(await this.load(), { log: this.log, clock: this.#options.clock })
    if (this.#options.start !== false) await this.node.start()
  }
  #base() {
    const o = this.#options
    return plugin('base', (mta) => {
      for (const name of o.listeners ?? ['mx']) this.doors.set(name, mta.listen(name))
      if (o.claim !== false) mta.relay.tap({ phase: 'late' }, () => claim('test'))
      if (o.route !== false) mta.resolve.tap({ phase: 'late' }, (v) => routeTo('box', v.recipient.domain))
      if (o.deliver) return o.deliver(mta)
      mta.deliver('box', {
        deliver: async (job) => {
          const body: Uint8Array[] = []
          for await (const chunk of job.body.stream()) body.push(chunk)
          this.deliveries.push({
            to: job.recipients.map((r) => r.address),
            nexthop: job.nexthop,
            header: Buffer.from(job.header).toString('latin1'),
            body: Buffer.concat(body).toString('latin1'),
            sender: job.envelope.sender,
          })
          return job.each((r) => (o.outcome ? o.outcome(r.address, job) : delivered('2.0.0', 'ok')))
        },
      })
    })
  }
  open(listener = 'mx', more: Partial<Parameters<Listener['open']>[0]> = {}): Session {
    const client = { address: '192.0.2.1', port: 1, name: 'unknown', reverseName: 'unknown' }
    return this.doors.get(listener)!().open({
      protocol: 'smtp',
      client,
      server: { address: '127.0.0.1', port: 25 },
      ...more,
    })
  }
  /** the one session of most tests */
  get session(): Session {
    return (this.#session ??= this.open())
  }
  /** Greeting to MAIL; the first refusal, if there is one. */
  async hello(s = this.session, sender = 'a@b.example', parameters: MailParameters = {}): Promise<Reply | undefined> {
    return (
      (await s.connect()) ?? (await s.helo('EHLO', 'client.example')) ?? (await s.mail(address(sender), parameters))
    )
  }
  /** One message in one go. `parts`: the content as it arrives. */
  async send(
    recipients: readonly string[] = ['u@d.example'],
    parts: string | readonly (string | Uint8Array)[] = 'Subject: hi\r\n\r\nbody\r\n',
    s = this.session,
  ): Promise<{ rcpt: (Reply | undefined)[]; end: Reply | undefined }> {
    const refused = await this.hello(s)
    if (refused) return { rcpt: [], end: refused }
    const rcpt: (Reply | undefined)[] = []
    for (const r of recipients) rcpt.push(await s.rcpt(address(r), {}))
    const data = await s.data()
    if (data) return { rcpt, end: data }
    const sink = s.content()
    for (const p of [parts].flat())
      await sink.write(typeof p === 'string' ? Buffer.from(p, 'latin1') : (p as Uint8Array))
    return { rcpt, end: await sink.end() }
  }
  async stop(): Promise<void> {
    this.#session?.end()
    await this.node.stop()
  }
}
export async function world(mine: (mta: Mta) => void = () => undefined, options: WorldOptions = {}): Promise<World> {
  const w = new World(mine, options)
  await w.start()
  return w
}
export const address = (text: string) => parseAddress(text, { lenient: true })!
export const short = (r: Reply | undefined) => r && `${r.code} ${r.esc ?? ''} ${[r.text].flat().join('|')}`
/** What `fn` rejects with; fails when it does not. */
export async function rejection(fn: () => Promise<unknown>): Promise<PosternError> {
  try {
    await fn()
  } catch (error) {
    return error as PosternError
  }
  throw new Error('expected a rejection')
}
/** Problems as lines: `path: message (suggestion)`. */
export const told = (e: PosternError) =>
  e.problems.map((p) => `${p.path}: ${p.message}${p.suggestion ? ` (${p.suggestion})` : ''}`)
