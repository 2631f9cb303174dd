/**
 * @postern/cli/client: speaks with a daemon of this host. Starts fast: nothing but Node is loaded. For `mailq` and its like,
 * which run as any user: `connectPublic(spool)`; for the daemon's own user: `connectDaemon(spool)`.
 */
export { Daemon, RefusedByDaemon, connectDaemon, connectPublic } from './control/client.ts'
export { controlPath, publicPath } from './control/path.ts'
export { CommandError, EX } from './exit.ts'
export type { FlushArguments, PublicRequests, PublicRow, Requests } from './control/protocol.ts'
