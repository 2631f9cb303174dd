/** A daemon with a sink behind it and acknowledgements beside it. */
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sleep, startProcess, until } from '@postern/testkit'
import type { MtaProcess, ProcessOptions } from '@postern/testkit'
import { account } from './accounting.ts'
import { Acknowledgements } from './load.ts'
import { judge } from './report.ts'
import { Sink, mixed } from './sink.ts'
import { site } from './site.ts'
import type { Account, Ending } from './accounting.ts'
import type { Load, LoadOptions } from './load.ts'
import type { Policy } from './sink.ts'
import type { SiteOptions } from './site.ts'

export interface RunningOptions extends Omit<SiteOptions, 'sink'>, ProcessOptions {
  readonly policy?: Policy
}
export class Running {
  readonly mta: MtaProcess
  readonly sink: Sink
  readonly acks = new Acknowledgements()
  readonly endings: Ending[] = []

  private constructor(mta: MtaProcess, sink: Sink) {
    this.mta = mta
    this.sink = sink
  }
  static async start(o: RunningOptions = {}): Promise<Running> {
    const sink = await new Sink(o.policy ?? mixed).listen()
    try {
      return new Running(await startProcess(site({ ...o, sink: sink.port }), o), sink)
    } catch (error) {
      await sink.stop()
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
  account(ms?: number): Promise<Account> {
    return account(this.acks, this.sink, this.mta, this.endings, ms)
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
