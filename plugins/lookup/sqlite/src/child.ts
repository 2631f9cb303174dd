/**
 * Reads one database file, in a process of its own: SQLite's calls are synchronous, and a query that scans a large table, or
 * a disk that hangs, must not hold up sessions. Unlike a thread it can be ended within such a call. The file is opened for
 * reading only; locks and WAL are SQLite's own.
 */
import { isUtf8 } from 'node:buffer'
import { statSync } from 'node:fs'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Answer, Question } from './reader.ts'

const path = process.argv[2]!
/** codes of sqlite3.h: the query is wrong; somebody writes */
const [ERROR, BUSY, LOCKED] = [1, 5, 6]
/** nobody's mail goes to so many */
const MOST_ROWS = 1_000_000
type Database = InstanceType<typeof DatabaseSync>
let database: Database | undefined
let opened = ''

function close(): void {
  const old = database
  database = undefined
  old?.close()
}
/** Throws when it cannot be opened. A file that has come in the place of the one that is open is opened instead. */
function current(): Database {
  const { dev, ino } = statSync(path, { bigint: true })
  const now = `${dev}.${ino}`
  if (database && now !== opened) close()
  database ??= new DatabaseSync(path, { readOnly: true, timeout: 0 })
  opened = now
  return database
}
/** As SQLite turns it into text: 15 digits, `1.0`, `1.0e+300`. */
function real(n: number): string {
  if (!Number.isFinite(n)) return n > 0 ? 'Inf' : '-Inf'
  const [mantissa, exponent] = n.toExponential(14).split('e') as [string, string]
  const e = Number(exponent)
  const pointed = (digits: string) => (digits.includes('.') ? digits : `${digits}.0`)
  if (e >= -4 && e < 15) return pointed(String(Number(n.toPrecision(15))))
  return `${pointed(String(Number(mantissa)))}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`
}
function text(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) {
    if (!isUtf8(value)) throw new Error('a result that is not UTF-8')
    return Buffer.from(value)
      .toString('utf8')
      .replace(/\0[\s\S]*$/, '')
  }
  if (typeof value === 'number') return real(value)
  const all = String(value as string | bigint)
  // SQLite's bytes were read as UTF-8
  if (all.includes('\uFFFD')) throw new Error('a result that is not UTF-8')
  return all
}

function answer({ id, sql, check }: Question): Answer {
  try {
    const statement = current().prepare(sql)
    const values: (string | null)[] = []
    if (check) return { id, values }
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    // the first column alone, as Postfix has it
    for (const row of statement.iterate()) {
      const value = text((row as unknown as readonly unknown[])[0])
      // rows without an end fill no memory: results give up above this, too
      if (values.length >= MOST_ROWS) throw new Error(`more than ${MOST_ROWS} rows`)
      values.push(value)
    }
    return { id, values }
  } catch (error) {
    const { message, errcode } = error as Error & { readonly errcode?: number }
    const code = (errcode ?? 0) & 0xff
    // of an error while rows are read the library gives the text alone
    const busy = code === BUSY || code === LOCKED || /^database (table )?is locked/.test(message)
    const refused = code === ERROR
    // a statement that met a lock while its rows were read keeps its own lock, and a writer waits for that in vain; after a
    // damaged page or a disk that is gone the file is looked at afresh
    if (!refused) close()
    return { id, problem: message, busy, refused }
  }
}
process.on('message', (question: Question) => process.send!(answer(question)))
process.on('disconnect', () => {
  close()
  process.exit()
})
