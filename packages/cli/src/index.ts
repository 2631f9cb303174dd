/** @postern/cli: the `postern` command. Other tools may speak with a daemon through its control socket as it does. */
export { main } from './main.ts'
export { Daemon, connectDaemon } from './control/client.ts'
export { controlPath } from './control/path.ts'
export type { DaemonStatus, QueueRow, Request } from './control/protocol.ts'
