/** A message's life, told from its records. */
import { ADMIN, ATTEMPT, COMMIT, EXPAND, OUTCOME, STATE } from './frame.ts'
import { decodeExpand, decodeRecord, numbersIn } from './envelope.ts'
import type { AdminData, AttemptData, OutcomeData, Told } from './envelope.ts'
import type { HistoryRecord, OutcomeRecord } from '@postern/core'
import type { ReadFrame, Reader } from './reader.ts'

const STATES = { d: 'delivered', f: 'failed', t: 'deferred' } as const

/** Oldest first. */
export async function* historyOf(reader: Reader, slot: number): AsyncGenerator<HistoryRecord> {
  const records: HistoryRecord[] = []
  for await (const frame of reader.chain(slot)) {
    const record = told(frame)
    if (record) records.push(record)
    // what came before it was folded into it
    if (frame.header.type === STATE) break
  }
  yield* records.reverse()
}
function told({ header, envelope }: ReadFrame): HistoryRecord | undefined {
  const { at } = header
  switch (header.type) {
    case COMMIT:
      return { at, kind: 'received' }
    case STATE:
      return { at, kind: 'moved' }
    case ATTEMPT:
      return { at, kind: 'attempt', recipients: [...numbersIn(decodeRecord<AttemptData>(envelope).r)] }
    case OUTCOME: {
      const { o, t } = decodeRecord<OutcomeData>(envelope)
      const outcomes = outcomesOf(o)
      return { at, kind: 'outcome', outcomes, ...(t !== undefined && { nextTry: t }) }
    }
    case EXPAND: {
      const { parent, first, count } = decodeExpand(envelope)
      return { at, kind: 'expanded', recipients: [parent, ...numbersIn([first, count])] }
    }
    case ADMIN: {
      const { action, who, why } = decodeRecord<AdminData>(envelope)
      return { at, kind: action, who, why }
    }
    default:
      return undefined
  }
}
const outcomesOf = (told: readonly Told[]): OutcomeRecord[] =>
  told.flatMap((entry) =>
    [...numbersIn(entry as unknown as number[], 3)].map((n) => ({
      n,
      state: STATES[entry[0]],
      esc: entry[1],
      text: entry[2],
    })),
  )
