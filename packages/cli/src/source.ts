/** Whom a report is asked of: the running daemon, or a node that is built from the configuration and never started. */
import { createNode } from '@postern/core'
import type { ExplainReport, LogSink, Node, PipelineHook, PluginLine, Scenario } from '@postern/core'
import { bundledFrom, configName, findConfig } from './config.ts'
import type { Found } from './config.ts'
import { connectDaemon, needDaemon } from './control/client.ts'
import type { Daemon } from './control/client.ts'
import { toJson } from './control/protocol.ts'
import type { SourceOptions } from './program/options.ts'

export interface Source {
  /** who answers, for people */
  readonly name: string
  /** the configuration file */
  readonly file: string
  explain(scenario: Scenario): Promise<ExplainReport>
  pipeline(): Promise<readonly PipelineHook[]>
  plugins(): Promise<readonly PluginLine[]>
}

export async function sourceFor(o: SourceOptions): Promise<Source> {
  const found = await findConfig(o.config)
  if (o.running) return ofDaemon(await needDaemon(found.spool))
  const daemon = o.offline ? undefined : await connectDaemon(found.spool)
  return daemon ? ofDaemon(daemon) : ofConfig(found)
}

async function ofDaemon(daemon: Daemon): Promise<Source> {
  const { pid, configuration } = await daemon.ask('status', {})
  return {
    name: `the running daemon (pid ${pid}), ${configName(configuration)}`,
    file: configuration,
    explain: (scenario) => daemon.ask('explain', { scenario }),
    pipeline: () => daemon.ask('pipeline', {}),
    plugins: () => daemon.ask('plugins', {}),
  }
}

async function ofConfig(found: Found): Promise<Source> {
  const node = await createNode(found.loaded, { log: tableProblems, resolveFrom: bundledFrom() })
  return {
    name: configName(found.loaded.file),
    file: found.loaded.file,
    explain: (scenario) => explainDry(node, scenario),
    pipeline: async () => node.pipeline(),
    plugins: async () => node.plugins(),
  }
}
async function explainDry(node: Node, scenario: Scenario): Promise<ExplainReport> {
  await node.startDry()
  try {
    // as it would look from the daemon
    return JSON.parse(toJson(await node.explain(scenario))) as ExplainReport
  } finally {
    await node.stopDry()
  }
}

/** The log of a node that only answers questions: the report itself shows the rest. */
const tableProblems: LogSink = {
  enabled: (level) => level === 'warn',
  write: (_level, event, { table, cause }) => {
    if (event === 'table.problem') process.stderr.write(`postern: table ${String(table)}: ${String(cause)}\n`)
  },
}
