/** master.cf's maxproc of services that deliver: how many deliveries run at a time. */
import type { Service } from '../master-cf.ts'
import type { Build } from './build.ts'

/** Where it is `-`, default_process_limit counts. */
export function processLimits(build: Build, transports: readonly Service[]): void {
  const said = transports.flatMap(({ name, maxproc }) => (maxproc === undefined ? [] : [[name, maxproc] as const]))
  if (said.length > 0) build.top.processLimits = Object.fromEntries(said)
}
