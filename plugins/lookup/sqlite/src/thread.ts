/**
 * Reads one database file, in a thread of its own: SQLite's calls are synchronous, and a query that scans a large table, or
 * a disk that hangs, must not hold up sessions. The file is opened for reading only; locks and WAL are SQLite's own.
 */
import { isUtf8 } from 'node:buffer'
import { statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Answer, Question } from './reader.ts'

const { path, ended } = workerData as { readonly path: string; readonly ended: Int32Array }
/** codes of sqlite3.h: the query is wrong; somebody writes */
const [ERROR, BUSY, LOCKED] = [1, 5, 6]
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
      // whoever asked has gone: only between rows can a query be given up, for the library cannot interrupt SQLite
      if (Atomics.load(ended, 0) === 1) throw new Error('given up')
      values.push(text((row as unknown as readonly unknown[])[0]))
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
parentPort!.on('message', (question: Question | undefined) => {
  if (question) return parentPort!.postMessage(answer(question))
  close()
  parentPort!.close()
})
