/** @postern/core: the hooks, the plugin contract, configuration, the flow of a message. */
export * from './contract/index.ts'
export {
  NULL_SENDER,
  addressKey,
  addressOf,
  asGiven,
  internal,
  isLiteral,
  isMalformed,
  isUtf8,
  originalOf,
  parseAddress,
  qualified,
  quoteLocal,
  splitExtension,
} from './address.ts'
export type { MailAddress, PathOptions } from './address.ts'
export { parsePath } from './path.ts'
export type { PathError, PathResult } from './path.ts'
export { soften } from './flow/replies.ts'
export { gapOf, messageSize } from './message.ts'
export * from './errors.ts'
export { PassingMap, PassingSet } from './passing.ts'
export { LocalShared, noSockets, noUsers } from './shared.ts'
export { ownCall } from './hooks/call.ts'
export type { OwnCall } from './hooks/call.ts'
export { nearest } from './nearest.ts'
export { loadConfig, SEARCH_PLACES } from './config/load.ts'
export type { LoadOptions, LoadedConfig } from './config/load.ts'
export { configSchema, defineConfig, definePreset } from './config/schema.ts'
export type { Config, Settings } from './config/schema.ts'
export { checkOptions } from './config/check.ts'
export { createNode, Node } from './node.ts'
export { TableDesk } from './graph/table-desk.ts'
export type { DeskTable, TableDeskOptions } from './graph/table-desk.ts'
export type { NodeOptions, NodeStatus } from './node-facts.ts'
export type { ExplainReport, ExplainRoute, ExplainStep, Scenario } from './explain.ts'
export type { PipelineHook, PipelineTap, PluginLine } from './graph/describe.ts'
export type { ResolvedAddress, ResolvedFailure, ResolvedRoute } from './flow/resolve.ts'
export { Header } from './flow/header.ts'
export { mimeParts } from './flow/mime.ts'
export { rfc5322Date } from './flow/date.ts'
export { printReply } from './flow/replies.ts'
export { AbortScope, HookCall } from './hooks/call.ts'
export type { CallFrame } from './hooks/call.ts'
export { SlotStore, MarkStore } from './flow/slots.ts'
export { memoryBody, memorySink } from './flow/body.ts'
