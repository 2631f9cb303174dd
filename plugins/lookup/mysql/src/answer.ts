/** The answer to one command: OK, an error, or result sets of text rows. Each length is compared with its packet's. */
import { isUtf8 } from 'node:buffer'
import { Refused } from '@postern/lookup-kit'
import type { SqlRow } from '@postern/lookup-kit'
import { FULL, Malformed } from './packets.ts'

/** What an error packet says. */
export class ServerError extends Error {
  /** e.g. 1146 */
  readonly errno: number
  /** SQLSTATE, five characters; empty: none was told */
  readonly sqlState: string

  constructor(message: string, errno: number, sqlState: string) {
    super(message)
    this.errno = errno
    this.sqlState = sqlState
  }
}
/** SQLSTATE 21, 22, 42: it is the query, and the next server would say the same. */
export const refusal = (error: Error): Error =>
  error instanceof ServerError && /^(21|22|42)/.test(error.sqlState) ? new Refused(error.message) : error
export interface Rows {
  row(columns: SqlRow): void
}

/** first bytes of packets */
const OK = 0x00
const INFILE = 0xfb
const EOF = 0xfe
const ERR = 0xff
/** in a row, in the place of a length */
const NULL = 0xfb
const MORE_RESULTS = 0x0008
/** of EOF: itself, warnings, status */
const EOF_LENGTH = 5
/** of OK to a statement that was prepared: itself, id, columns, parameters, a filler, warnings */
const PREPARED_LENGTH = 12

type Expect = 'head' | 'definitions' | 'end of definitions' | 'rows'

export class Answer {
  readonly #deprecateEof: boolean
  #expect: Expect = 'head'
  #prepare = false
  #rows: Rows | undefined
  #columns = 0
  /** definitions that are still to come, and those of a second list behind them */
  #definitions = 0
  #later = 0
  /** result sets so far */
  sets = 0
  /** what the server said, or what is wrong with a value; the connection is as good as before */
  error: ServerError | Refused | undefined
  /** of the statement that was prepared */
  statement: Buffer | undefined

  /** `deprecateEof`: CLIENT_DEPRECATE_EOF was agreed on, and rows end with another OK packet */
  constructor(deprecateEof: boolean) {
    this.#deprecateEof = deprecateEof
  }
  /** For the next command. Without `rows` the rows are read over. */
  begin(prepare: boolean, rows: Rows | undefined): void {
    this.#expect = 'head'
    this.#prepare = prepare
    this.#rows = rows
    this.#columns = this.#definitions = this.#later = this.sets = 0
    this.error = undefined
    this.statement = undefined
  }
  /** Nobody wants its rows any more. */
  mute(): void {
    this.#rows = undefined
  }
  /** One packet; `true`: the answer is whole. Throws `Malformed`. */
  take(bytes: Buffer, start: number, end: number): boolean {
    if (start === end) throw new Malformed('an empty packet')
    const first = bytes[start]!
    if (first === ERR) return this.#failed(bytes, start, end)
    switch (this.#expect) {
      case 'head':
        return this.#head(first, bytes, start, end)
      case 'definitions':
        // length 3 and "def", the catalog of all
        if (first !== 3 || end - start < 4 || bytes[start + 1] !== 0x64) throw new Malformed('a column')
        return --this.#definitions === 0 && this.#defined()
      case 'end of definitions':
        if (first !== EOF || end - start !== EOF_LENGTH) throw new Malformed('the end of columns')
        return this.#ended()
      case 'rows':
        // of a row it says that a value of 2^24 bytes comes first
        if (first === EOF && end - start < FULL) {
          if (this.#deprecateEof) return this.#over(status(bytes, start, end))
          if (end - start !== EOF_LENGTH) throw new Malformed('the end of rows')
          return this.#over(bytes.readUInt16LE(start + 3))
        }
        this.#values(bytes, start, end)
        return false
    }
  }

  #head(first: number, bytes: Buffer, start: number, end: number): boolean {
    if (first === OK) {
      if (!this.#prepare) return this.#over(status(bytes, start, end))
      if (end - start < PREPARED_LENGTH) throw new Malformed('the answer to a statement')
      this.statement = Buffer.from(bytes.subarray(start + 1, start + 5))
      const columns = bytes.readUInt16LE(start + 5)
      const parameters = bytes.readUInt16LE(start + 7)
      this.#definitions = parameters || columns
      this.#later = parameters === 0 ? 0 : columns
      if (this.#definitions === 0) return true
      this.#expect = 'definitions'
      return false
    }
    // no file of this machine is given away
    if (first === INFILE) throw new Malformed('the server wants a file of this machine (LOCAL INFILE)')
    if (this.#prepare) throw new Malformed('the answer to a statement')
    // there are 4096 at most
    const width = first === 0xfc ? 2 : 0
    if (first > 0xfc || end - start !== 1 + width) throw new Malformed('a number of columns')
    this.#columns = width === 0 ? first : bytes.readUInt16LE(start + 1)
    if (this.#columns === 0) throw new Malformed('a number of columns')
    this.#definitions = this.#columns
    this.#expect = 'definitions'
    // a second one fails the lookup, whatever is in it
    if (++this.sets > 1) this.#rows = undefined
    return false
  }
  #defined(): boolean {
    this.#expect = 'end of definitions'
    return this.#deprecateEof && this.#ended()
  }
  /** Behind a list of definitions. */
  #ended(): boolean {
    if (!this.#prepare) {
      this.#expect = 'rows'
      return false
    }
    this.#definitions = this.#later
    this.#later = 0
    this.#expect = 'definitions'
    return this.#definitions === 0
  }
  #over(serverStatus: number): boolean {
    this.#expect = 'head'
    return (serverStatus & MORE_RESULTS) === 0
  }
  #failed(bytes: Buffer, start: number, end: number): true {
    if (end - start < 3) throw new Malformed('an error')
    const errno = bytes.readUInt16LE(start + 1)
    const marked = end - start >= 9 && bytes[start + 3] === 0x23
    const sqlState = marked ? bytes.toString('latin1', start + 4, start + 9) : ''
    this.error = new ServerError(bytes.toString('utf8', marked ? start + 9 : start + 3, end), errno, sqlState)
    return true
  }
  #values(bytes: Buffer, start: number, end: number): void {
    const wanted = this.#rows !== undefined && this.error === undefined
    const row: (string | null)[] = []
    let at = start
    for (let i = 0; i < this.#columns; i++) {
      if (at >= end) throw new Malformed('a row')
      let length = bytes[at++]!
      if (length === NULL) {
        row.push(null)
        continue
      }
      if (length > NULL) {
        const width = length === 0xfc ? 2 : length === 0xfd ? 3 : length === 0xfe ? 8 : end
        if (width > end - at) throw new Malformed('a row')
        length = width === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, width)
        at += width
      }
      if (length > end - at) throw new Malformed('a row')
      if (wanted) row.push(this.#text(bytes, at, at + length))
      at += length
    }
    if (at !== end) throw new Malformed('a row')
    if (wanted && this.error === undefined) this.#rows!.row(row)
  }
  #text(bytes: Buffer, start: number, end: number): string {
    const text = bytes.toString('utf8', start, end)
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)))
      this.error ??= new Refused('a result that is not UTF-8 (charset)')
    return text
  }
}

/** The server's status in an OK packet: behind itself, the rows that changed and the last id. */
function status(bytes: Buffer, start: number, end: number): number {
  const at = behindNumber(bytes, behindNumber(bytes, start + 1, end), end)
  // status and warnings
  if (end - at < 4) throw new Malformed('an OK packet')
  return bytes.readUInt16LE(at)
}
function behindNumber(bytes: Buffer, at: number, end: number): number {
  const first = at < end ? bytes[at]! : 0xff
  if (first < 0xfb) return at + 1
  const width = first === 0xfc ? 2 : first === 0xfd ? 3 : first === 0xfe ? 8 : 0
  if (width === 0) throw new Malformed('an OK packet')
  return at + 1 + width
}
