/** `smtp_reply_filter`: a table that is asked for each line of a reply. */
import type { Call, Lookup, Table } from '@postern/core'
import type { ReplyFilter } from './replies.ts'

/** Throws, or rejects, when the table fails. */
export function replyFilter(table: Table | undefined, call: Call): ReplyFilter | undefined {
  if (!table) return undefined
  const read = (line: string, answer: Lookup): string => {
    if (answer.kind === 'failed') throw new Error(`${table.name}: ${answer.cause}`)
    return answer.kind === 'found' ? answer.value : line
  }
  return (line) => {
    // Postfix asks for no empty line
    if (line === '') return line
    const answer = table.get(line, call)
    return answer instanceof Promise ? answer.then((then) => read(line, then)) : read(line, answer)
  }
}
