/** @postern/cli/tables: tables without a daemon, for `postmap` and its like. */
export { Tables, UnknownType } from './tables.ts'
export type { TablesOptions, TypedSource } from './tables.ts'
export { BUNDLED } from './types.ts'
export { linesOf, keyOf } from './lines.ts'
export { tableLog } from './log.ts'
export { ask } from './ask.ts'
export { bundledFrom, findConfig } from '../../config.ts'
