/** MySQL servers that hold the same: a pipeline to each, and the next one when one is away. */
import type { Call, Clock, Logger } from '@postern/core'
import { ranked } from '@postern/lookup-kit'
import type { Servers, SqlBackend, SqlQuestion, SqlText } from '@postern/lookup-kit'
import { Asked } from './asked.ts'
import type { Holder } from './asked.ts'
import { Pipeline } from './pipeline.ts'
import type { PipelineOptions } from './pipeline.ts'
import type { Channel } from './wire.ts'

export interface MysqlServer {
  /** for logs: no password in it */
  readonly name: string
  /** those with a smaller number are asked before others */
  readonly rank: number
  connect(signal: AbortSignal): Promise<Channel>
}
export interface MysqlBackendOptions extends Omit<PipelineOptions, 'connect'> {
  readonly clock: Clock
  readonly log: Logger
  /** ms for which a server that failed is left alone as long as there is another */
  readonly rest: number
}

export class MysqlBackend implements SqlBackend {
  readonly #pipelines: readonly Pipeline[]
  readonly #servers: Servers<Holder>
  #queries = 0

  constructor(servers: readonly MysqlServer[], options: MysqlBackendOptions) {
    this.#pipelines = servers.map((one) => new Pipeline({ ...options, connect: (signal) => one.connect(signal) }))
    this.#servers = ranked<Holder>(servers, this.#pipelines, options)
  }
  put(question: SqlQuestion, call: Ended): void {
    this.#queries++
    new Asked(question, this.#servers, false).start(call)
  }
  /** A prepared statement: the server looks at tables and columns, and nothing is carried out. */
  check(text: SqlText, call: Ended): Promise<void> {
    const nothing = () => undefined
    return new Promise((resolve, reject) => {
      const end = (error: Error | undefined) => (error ? reject(error) : resolve())
      new Asked({ text, begin: nothing, row: nothing, end }, this.#servers, true).start(call)
    })
  }
  close(): void {
    for (const pipeline of this.#pipelines) pipeline.close()
  }
  stats(): Readonly<Record<string, number>> {
    return { queries: this.#queries, connections: this.#pipelines.reduce((sum, { open }) => sum + open, 0) }
  }
}
type Ended = Pick<Call, 'onAbort'>
