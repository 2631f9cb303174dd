/** What a reload cannot change: it says so instead of pretending. */
import { configSchema } from '../config/schema.ts'
import { queueStore } from '../contract/roles.ts'
import type { Graph } from './graph.ts'

type Shape = Record<string, { meta?(): { needsRestart?: boolean } | undefined }>

export function restartNeeded(old: Graph, next: Graph): string[] {
  const out: string[] = []
  for (const [key, schema] of Object.entries(configSchema.shape as unknown as Shape)) {
    const [a, b] = [old.settings, next.settings].map((s) =>
      JSON.stringify((s as unknown as Record<string, unknown>)[key]),
    )
    if (schema.meta?.()?.needsRestart && a !== b) out.push(key)
  }
  const keeper = (g: Graph) => g.collection.provided.find((p) => p.role.id === queueStore.id)?.use.name
  for (const use of next.uses) {
    const before = old.uses.find((u) => u.name === use.name)
    if (!before) continue
    const shape = (use.definition.options as { shape?: Shape }).shape ?? {}
    for (const key of Object.keys(shape)) {
      // the store belongs to the node: it is opened once
      const fixed = shape[key]!.meta?.()?.needsRestart || use.name === keeper(next)
      if (fixed && JSON.stringify(before.options[key]) !== JSON.stringify(use.options[key]))
        out.push(`${use.name}.${key}`)
    }
    if (before.module !== use.module) out.push(`the code of ${use.name}`)
  }
  if (keeper(old) !== keeper(next)) out.push('the queue store')
  return out
}
