/** The daemon's log: what the configuration's log plugin writes, with an ear on where the listeners open. */
import { stderrSink } from '@postern/core'
import type { Level, LogSink, Node } from '@postern/core'
import type { Listening } from '../control/protocol.ts'

export class DaemonLog implements LogSink {
  #inner: LogSink = stderrSink
  #listening: Listening[] = []

  /** Goes on with the log plugin of the node's present graph. */
  follow(node: Node): void {
    this.#inner = node.graph.written
  }
  /** listeners of a graph that is about to open are told anew */
  forget(): () => void {
    const before = this.#listening
    this.#listening = []
    return () => (this.#listening = before)
  }
  get listening(): readonly Listening[] {
    return this.#listening
  }
  write(level: Level, event: string, fields: Readonly<Record<string, unknown>>): void {
    if (event === 'listener.open') {
      const { use, protocol, address, port } = fields
      this.#listening.push({
        use: String(use),
        protocol: String(protocol),
        address: String(address),
        port: Number(port),
      })
    }
    if (this.#inner.enabled(level)) this.#inner.write(level, event, fields)
  }
  /** the event above is wanted whatever the level is */
  enabled(level: Level): boolean {
    return level === 'info' || this.#inner.enabled(level)
  }
  flush(): Promise<void> | void {
    return this.#inner.flush?.()
  }
}
