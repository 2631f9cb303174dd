/** `postern pipeline` and `postern plugins`: who is tapped where, in order, from which package and line. */
import { STAGES } from '../contract/stages.ts'
import type { Stage } from '../contract/stages.ts'
import type { Hook } from '../hooks/compile.ts'
import type { TapRecord } from '../hooks/record.ts'
import type { Graph } from './graph.ts'

export interface PipelineTap {
  readonly use: string
  readonly tap: string
  readonly package: string
  readonly version: string
  readonly where: string
  readonly phase: string
  readonly onFault: string
  readonly scope: string
  readonly body?: string
}
export interface PipelineHook {
  readonly hook: string
  /** listener, or `(all)` for the root's stages */
  readonly listener: string
  readonly taps: readonly PipelineTap[]
}
const describeTap = (t: TapRecord): PipelineTap => ({
  use: t.use.name,
  tap: t.name,
  package: t.use.package,
  version: t.use.version,
  where: t.use.where,
  phase: t.phase,
  onFault: t.use.onFault,
  scope: t.listener ?? 'all listeners',
  body: t.body,
})

export function describePipeline(graph: Graph): PipelineHook[] {
  const out: PipelineHook[] = []
  const add = (hook: Hook | undefined, name: string, listener: string) =>
    out.push({ hook: name, listener, taps: hook?.taps.map(describeTap) ?? [] })
  for (const l of graph.listeners.values()) {
    for (const stage of Object.keys(STAGES) as Stage[])
      if (STAGES[stage].scope === 'listener' && stage !== 'command') add(l.hooks[stage] as Hook, stage, l.name)
    for (const [verb, hook] of l.commands) add(hook as unknown as Hook, `command ${verb}`, l.name)
  }
  for (const stage of Object.keys(STAGES) as Stage[])
    if (STAGES[stage].scope === 'root') add(graph.root[stage] as Hook, stage, '(all)')
  const ways = graph.collection.provided.filter((p) => p.role.id === 'transports')
  out.push({
    hook: 'deliver',
    listener: '(all)',
    taps: ways.map((p) => ({
      use: p.use.name,
      tap: p.name!,
      package: p.use.package,
      version: p.use.version,
      where: p.use.where,
      phase: '',
      onFault: 'defer',
      scope: `transport ${p.name}`,
    })),
  })
  return out
}

export interface PluginLine {
  readonly use: string
  readonly package: string
  readonly version: string
  readonly where: string
  readonly provides: readonly string[]
  readonly taps: readonly string[]
  readonly module: string
}
export const describePlugins = (graph: Graph): PluginLine[] =>
  graph.uses.map((u) => ({
    use: u.name,
    package: u.package,
    version: u.version,
    where: `${u.file}: ${u.path}`,
    provides: graph.collection.provided
      .filter((p) => p.use.name === u.name)
      .map((p) => (p.name === undefined ? p.role.id : `${p.role.id}:${p.name}`)),
    taps: [
      ...new Set([
        ...graph.collection.taps.filter((t) => t.use.name === u.name).map((t) => t.hook),
        ...graph.collection.facts.filter((f) => f.use === u.name).map((f) => f.fact),
      ]),
    ],
    module: u.module,
  }))
