/** @postern/cli: the `postern` command. Other tools may speak with a daemon through its control sockets as it does. */
export { main } from './main.ts'
export * from './client.ts'
export type { Arguments, DaemonStatus, QueueRow, Request, Result, Verb } from './control/protocol.ts'
