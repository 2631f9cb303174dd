/** @postern/core: the hooks, the plugin contract, configuration, the flow of a message. */
export * from './contract/index.ts'
export * from './address.ts'
export * from './errors.ts'
export { nearest } from './nearest.ts'
