/** A daemon with a sink behind it and acknowledgements beside it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sleep, startProcess, tempFolder, until } from '@postern/testkit'
import type { LogEvent, MtaProcess, ProcessOptions, TempFolder } from '@postern/testkit'
import { account } from './accounting.ts'
import { Acknowledgements } from './load.ts'
import { judge } from './report.ts'
import { Sink, mixed } from './sink.ts'
import { site } from './site.ts'
import type { Account, Ending } from './accounting.ts'
import type { Load, LoadOptions } from './load.ts'
import type { Policy } from './sink.ts'
import type { SiteOptions } from './site.ts'

const TOLD = fileURLToPath(new URL('../plugins/told.js', import.meta.url))

export interface RunningOptions extends Omit<SiteOptions, 'sink'>, ProcessOptions {
  readonly policy?: Policy
}
export class Running {
  readonly mta: MtaProcess
  readonly sink: Sink
  readonly acks = new Acknowledgements()
  readonly endings: Ending[] = []

  /** has the file `told`: what the daemon told of outcomes, each at once */
  readonly #folder: TempFolder

  private constructor(mta: MtaProcess, sink: Sink, folder: TempFolder) {
    this.mta = mta
    this.sink = sink
    this.#folder = folder
  }
  static async start(o: RunningOptions = {}): Promise<Running> {
    const sink = await new Sink(o.policy ?? mixed).listen()
    const folder = await tempFolder('postern-told')
    try {
      const plugins = [{ [TOLD]: { file: join(folder.path, 'told') } }, ...(o.plugins ?? [])]
      return new Running(await startProcess(site({ ...o, plugins, sink: sink.port }), o), sink, folder)
    } catch (error) {
      await sink.stop()
      await folder.remove()
      throw error
    }
  }
  load(o: Partial<LoadOptions> = {}): Load {
    const size = (i: number) => (i % 10 === 9 ? 100_000 : 1500)
    return this.acks.load(this.mta.ports[0]!, { sessions: 8, size, ...o })
  }
  /** So many further messages have been acknowledged, or `ms` are over. */
  async acknowledged(count: number, ms = 3000): Promise<void> {
    const goal = this.acks.all.size + count
    const limit = Date.now() + ms
    while (this.acks.all.size < goal && Date.now() < limit) await sleep(1)
  }
  /** The daemon answers, after faults: so many messages are taken again. */
  async takesMail(ms = 20_000): Promise<void> {
    await until(
      'mail to be taken again',
      async () => {
        const before = this.acks.all.size
        await this.load({ sessions: 1, count: 1 }).ended
        return this.acks.all.size > before
      },
      ms,
    )
  }
  /** file with what the daemon told of outcomes */
  get toldFile(): string {
    return join(this.#folder.path, 'told')
  }
  told(): LogEvent[] {
    return readFileSync(this.toldFile, 'utf8')
      .split('\n')
      .flatMap((line): LogEvent[] => {
        // the last one may be half a line
        if (!line.endsWith('}')) return []
        const { event, ...fields } = JSON.parse(line) as { event: string }
        return [{ level: 'info', event, fields }]
      })
  }
  account(ms?: number): Promise<Account> {
    return account(this.acks, this.sink, this.mta, this.endings, ms, () => this.told())
  }
  async judge(name: string, runs: number, note?: string): Promise<Account> {
    const a = await this.account()
    judge(name, runs, a, note)
    return a
  }
  async remove(): Promise<void> {
    await this.mta.remove()
    // LOGS=folder: what the daemon said, for who looks for a reason
    if (process.env.LOGS)
      writeFileSync(join(process.env.LOGS, `${basename(process.argv[1]!)}-${Date.now()}.log`), this.mta.output)
    await this.sink.stop()
    await this.#folder.remove()
  }
}
/** Starts, runs `work`, and clears away whatever came of it. */
export async function running(o: RunningOptions, work: (r: Running) => Promise<void>): Promise<void> {
  const r = await Running.start(o)
  try {
    await work(r)
  } finally {
    await r.remove()
  }
}
