/** A connection without a server: what is asked on it, and what a test says it answers. */
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { SqlRow } from '@postern/lookup-kit'
import { Wire } from '../src/wire.ts'
import type { Question } from '../src/wire.ts'

export interface Told {
  /** of each question, in order: its rows, and how it ended; nothing: not at all */
  readonly answers: { rows: SqlRow[]; sets?: number; error?: string }[]
  lost?: string
  idle: number
}
export interface Fake {
  readonly told: Told
  say(bytes: Buffer): void
}

/** `count` questions are asked at once. */
export function fake(count: number, deprecateEof = false, prepare = false): Fake {
  const told: Told = { answers: [], idle: 0 }
  const stream = Object.assign(new EventEmitter(), { write: () => true }) as unknown as Duplex
  let say: (bytes: Buffer) => void = () => undefined
  const channel = {
    ...{ stream, backslash: true, several: true, deprecateEof, destroy: () => undefined },
    listen: (take: (bytes: Buffer) => void) => void (say = take),
  }
  const questions = Array.from({ length: count }, (_, i): Question => {
    const answer: Told['answers'][number] = { rows: [] }
    told.answers.push(answer)
    return { prepare, text: () => `select ${i}`, begin: () => true, row: (columns) => void answer.rows.push(columns) }
  })
  const wire = new Wire(channel, {
    answered(_, question, sets, error) {
      const answer = told.answers[questions.indexOf(question)]!
      answer.sets = sets
      if (error) answer.error = error.message
    },
    idle: () => void told.idle++,
    lost: (_, error) => void (told.lost = error.message),
  })
  wire.ask(questions)
  return { told, say }
}

/** One packet. */
export function packet(number: number, ...parts: (string | number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
  return Buffer.concat([Buffer.from([body.length & 255, (body.length >> 8) & 255, body.length >> 16, number]), body])
}
export const COLUMN = '\x03def\x00\x00\x00\x01a\x00\x0c\x21\x00\xff\x00\x00\x00\xfd\x00\x00\x00\x00\x00'
const EOF = [0xfe, 0, 0, 2, 0]
/** a result set of one column, its first packet's number 1 */
export const resultSet = (...values: string[]): Buffer =>
  Buffer.concat([
    packet(1, [1]),
    packet(2, COLUMN),
    packet(3, EOF),
    ...values.map((value, i) => packet(4 + i, [value.length], value)),
    packet(4 + values.length, EOF),
  ])
