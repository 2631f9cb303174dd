/**
 * What a room needs of the testkit, by file: its index brings the core and the contract suites, and every case starts a process.
 */
export { zone } from '../../../packages/testkit/src/dns/zone.ts'
export { programPath } from '../../../packages/testkit/src/programs.ts'
export { sleep, until } from '../../../packages/testkit/src/wait.ts'
