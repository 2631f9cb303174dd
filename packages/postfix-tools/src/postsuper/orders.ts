/** One order: an action, and the messages that it is for. */
import { readFileSync } from 'node:fs'
import { queueName } from '@postern/sendmail/queue'
import type { QueueName } from '@postern/sendmail/queue'
import type { QueueRow } from '@postern/cli/queue'
import type { Say } from '../program.ts'
import { ACTIONS, QUEUES } from './actions.ts'
import type { Action, Counts } from './actions.ts'
import type { Desk } from './desk.ts'

export interface Order {
  readonly action: Action
  /** Postfix's names of queues; none: the action's own */
  readonly queues: ReadonlySet<string>
  /** absent: every message */
  readonly names?: readonly string[]
}
type Row = Pick<QueueRow, 'id' | 'nextTry' | 'held' | 'expired'>
/** messages asked for at once: they share the disk's sync */
const AT_ONCE = 500

/** The words with the lines of standard input in place of each `-`. */
export const namesOf = (words: readonly string[]): string[] =>
  words.flatMap((word) => (word === '-' ? linesOfInput() : [word]))
function linesOfInput(): string[] {
  const lines = readFileSync(0, 'utf8').split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

/** A message that is not there, or not in one of the queues, is not counted, and nothing is said of it. */
export async function carryOut(order: Order, desk: Desk, counts: Counts, say: Say): Promise<void> {
  const queues = queuesOf(order)
  const tell: Say = order.names === undefined ? () => undefined : say
  for await (const group of groups(order, desk, say)) {
    const now = Date.now()
    const rows = group.filter((row) => queues.has(queueName(row, now)))
    await act(order.action, rows, desk, counts, tell)
  }
}
function queuesOf({ action, queues }: Order): ReadonlySet<QueueName | undefined> {
  return new Set(queues.size > 0 ? [...queues].map((name) => QUEUES.get(name)) : ACTIONS[action].queues)
}
async function* groups({ names }: Order, desk: Desk, say: Say): AsyncGenerator<Row[]> {
  if (names === undefined) return yield* inGroups(desk.list())
  const good: string[] = []
  for (const name of names)
    if (/^\w+$/.test(name)) good.push(name.toUpperCase())
    else say(`warning: invalid mail queue id: ${name}`)
  for (let at = 0; at < good.length; at += AT_ONCE) {
    const ids = good.slice(at, at + AT_ONCE)
    const rows = new Map<string, Row>()
    for await (const row of desk.list(ids)) rows.set(row.id, row)
    // in the order in which they were named
    yield [...new Set(ids)].flatMap((id) => rows.get(id) ?? [])
  }
}
async function* inGroups(rows: AsyncIterable<QueueRow>): AsyncGenerator<Row[]> {
  // all of them before the first is touched: what is requeued comes in again behind them
  const all: Row[] = []
  for await (const { id, nextTry, held, expired } of rows) all.push({ id, nextTry, held, expired })
  for (let at = 0; at < all.length; at += AT_ONCE) yield all.slice(at, at + AT_ONCE)
}

async function act(action: Action, rows: readonly Row[], desk: Desk, counts: Counts, say: Say): Promise<void> {
  const done = async (verb: 'hold' | 'release' | 'expire' | 'requeue' | 'delete', which: readonly Row[]) => {
    for (const id of await desk.act(
      verb,
      which.map((row) => row.id),
      say,
    )) {
      counts.add(ACTIONS[verb].sum)
      say(`${id}: ${ACTIONS[verb].word}`)
    }
  }
  const which = {
    hold: rows.filter((row) => !row.held),
    release: rows.filter((row) => row.held),
    expire: rows.filter((row) => !row.expired),
    requeue: rows,
    delete: rows,
  }
  if (action !== 'expireAndRelease') return done(action, which[action])
  await done('expire', which.expire)
  await done('release', which.release)
}
