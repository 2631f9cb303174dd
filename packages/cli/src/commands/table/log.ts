/** What plugins log while a command uses their tables, as text for people. */
import type { Level, LogSink } from '@postern/core'

/** The command itself says what makes a table unusable. */
const SAID = new Set(['table.problem', 'table.unreadable', 'table.down'])
const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** `say` gets each event from `least` on as one line. */
export const tableLog = (say: (text: string) => void, least: Level = 'warn'): LogSink => ({
  enabled: (level) => RANK[level] >= RANK[least],
  write: (_level, event, { use: _use, ...fields }) => {
    if (!SAID.has(event)) say(event === 'table.line' ? lineText(fields) : eventText(event, fields))
  },
})
/** In the words of postmap(1). */
function lineText({ table, line, problem, ignored }: Readonly<Record<string, unknown>>): string {
  const file = String(table).replace(/^\w+:/, '')
  const isKnown = /^duplicate entry|ignoring/.test(String(problem)) || ignored !== true
  return `${file}, line ${String(line)}: ${String(problem)}${isKnown ? '' : ' -- ignoring this line'}`
}
const eventText = (event: string, fields: Readonly<Record<string, unknown>>): string =>
  `${event}: ${Object.entries(fields)
    .map(([k, v]) => `${k} ${typeof v === 'string' ? v : JSON.stringify(v)}`)
    .join(', ')}`
