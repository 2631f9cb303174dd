/** The worker's end of the channel to its primary. */
import type { FromWorker, ToWorker } from '../protocol.ts'

export interface Channel {
  /** false when the primary has gone */
  readonly open: boolean
  send(message: FromWorker): void
  on(listener: (message: ToWorker, handle: unknown) => void): void
  onGone(listener: () => void): void
}
/** The channel of a process that was forked. */
export const parentChannel: Channel = {
  get open() {
    return process.connected === true
  },
  send(message) {
    // what cannot be sent is told by the channel's end
    if (process.connected) process.send!(message, undefined, undefined, () => undefined)
  },
  on(listener) {
    process.on('message', (message, handle) => listener(message as ToWorker, handle))
  },
  onGone(listener) {
    process.once('disconnect', listener)
  },
}
