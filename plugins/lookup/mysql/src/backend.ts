/** MySQL servers that hold the same: a pipeline to each, and the next one when one is away. */
import type { Call, Clock, Logger } from '@postern/core'
import { Servers } from '@postern/lookup-kit'
import type { SqlBackend, SqlQuestion, SqlRow, SqlText } from '@postern/lookup-kit'
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
    const { clock, log, rest } = options
    const ranks = new Map<Holder, number>()
    const named = servers.map((one): [string, Pipeline] => {
      const pipeline = new Pipeline({ ...options, connect: (signal) => one.connect(signal) })
      ranks.set(pipeline, one.rank)
      return [one.name, pipeline]
    })
    this.#pipelines = named.map(([, pipeline]) => pipeline)
    // of one server the table's own event says all
    const several = servers.length > 1
    this.#servers = new Servers<Holder>(named, {
      clock,
      rest,
      rank: (pipeline) => ranks.get(pipeline)!,
      lost: (server, error) => several && log.warn('table.server.down', { server, problem: error.message }),
      back: (server) => several && log.info('table.server.up', { server }),
    })
  }
  put(question: SqlQuestion, call: Ended): void {
    this.#queries++
    new Asked(question, this.#servers, false).start(call)
  }
  ask(query: SqlText, begin: () => (columns: SqlRow) => void, call: Ended): Promise<void> {
    return promised(query, begin, (question) => this.put(question, call))
  }
  /** A prepared statement: the server looks at tables and columns, and nothing is carried out. */
  check(query: SqlText, call: Ended): Promise<void> {
    const put = (question: SqlQuestion) => new Asked(question, this.#servers, true).start(call)
    return promised(query, () => () => undefined, put)
  }
  close(): void {
    for (const pipeline of this.#pipelines) pipeline.close()
  }
  stats(): Readonly<Record<string, number>> {
    return { queries: this.#queries, connections: this.#pipelines.reduce((sum, { open }) => sum + open, 0) }
  }
}
type Ended = Pick<Call, 'onAbort'>

function promised(text: SqlText, begin: () => (columns: SqlRow) => void, put: (question: SqlQuestion) => void) {
  return new Promise<void>((resolve, reject) => {
    let row: (columns: SqlRow) => void = () => undefined
    put({
      text,
      begin: () => void (row = begin()),
      row: (columns) => row(columns),
      end: (error) => (error ? reject(error) : resolve()),
    })
  })
}
