/**
 * One connection behind its handshake, in the text protocol: several commands in one write, their answers in order. It ends
 * with the first byte that is not understood.
 */
import type { Duplex } from 'node:stream'
import type { SqlRow } from '@postern/lookup-kit'
import { Answer } from './answer.ts'
import { FULL, HEADER, Packets, command } from './packets.ts'

/** What is asked, as a connection sees it. */
export interface Question {
  /** the query, for a connection where a backslash is special in '...' or is not */
  text(backslash: boolean): string
  /** only prepared, and not carried out */
  readonly prepare: boolean
  /** Its answer begins. `false`: nobody waits for it on this connection. */
  begin(wire: Wire): boolean
  row(columns: SqlRow): void
}
export interface WireEvents {
  /** One answer is whole. `error`: the server's word, or what is wrong with a value. */
  answered(wire: Wire, question: Question, sets: number, error: Error | undefined): void
  /** All that was asked has been answered. */
  idle(wire: Wire): void
  /** It has ended; told once, and not by `destroy`. */
  lost(wire: Wire, error: Error): void
}
export interface Channel {
  readonly stream: Duplex
  /** is a backslash special in '...', without the mode NO_BACKSLASH_ESCAPES? */
  readonly backslash: boolean
  /** may a query be sent before the one in front of it is answered? */
  readonly several: boolean
  /** was CLIENT_DEPRECATE_EOF agreed on? */
  readonly deprecateEof: boolean
  /** From now on `take` gets what comes, to be read at once: the memory is used again. */
  listen(take: (bytes: Buffer) => void): void
  /** ends whatever else there is of it */
  destroy(): void
}
const COM_QUERY = 0x03
const COM_STMT_PREPARE = 0x16
const COM_STMT_CLOSE = 0x19
/** characters up to which a query is written into the bytes of its neighbours */
const SMALL = 16_384

export class Wire {
  readonly #channel: Channel
  readonly #events: WireEvents
  readonly #packets: Packets
  readonly #answer: Answer
  /** asked and not answered, in order */
  #asked: readonly Question[] = []
  /** of their answers' first packets; none: 1 */
  #numbers: readonly number[] = []
  #at = 0
  #begun = false
  #ended = false
  #watched = -1
  #watchedAt = 0
  /** answers so far */
  answers = 0
  /** it is not to be used when these answers have come */
  spoilt = false
  /** on the clock, since when it is idle */
  since = 0

  constructor(channel: Channel, events: WireEvents) {
    this.#channel = channel
    this.#events = events
    this.#answer = new Answer(channel.deprecateEof)
    this.#packets = new Packets((bytes, start, end) => this.#take(bytes, start, end))
    const { stream } = channel
    channel.listen((chunk) => this.#read(chunk))
    stream.on('error', (error) => this.#lost(error))
    for (const event of ['end', 'close']) stream.on(event, () => this.#lost(new Error(CLOSED)))
  }
  /** May it be asked several at a time? */
  get several(): boolean {
    return this.#channel.several
  }
  /** What has no whole answer. */
  get waiting(): readonly Question[] {
    return this.#asked.slice(this.#at)
  }
  /** Only when it is idle. */
  ask(questions: readonly Question[]): void {
    const commands = commandsOf(questions, this.#channel.backslash)
    this.#asked = questions
    this.#numbers = commands.numbers
    this.#at = 0
    this.#watched = -1
    this.#next()
    this.#channel.stream.write(commands.bytes)
  }
  /** Nobody wants the rows of the answer that is being read. */
  mute(question: Question): void {
    if (this.#begun && this.#asked[this.#at] === question) this.#answer.mute()
  }
  /** Was nothing answered for so long? Counted from the first time that this is asked. */
  quiet(now: number, ms: number): boolean {
    if (this.#watched !== this.answers) {
      this.#watched = this.answers
      this.#watchedAt = now
    }
    return now - this.#watchedAt >= ms
  }
  destroy(): void {
    this.#ended = true
    this.#channel.destroy()
  }

  #next(): void {
    this.#begun = false
    this.#packets.next = this.#numbers[this.#at] ?? 1
  }
  #read(chunk: Buffer): void {
    if (this.#ended) return
    try {
      this.#packets.push(chunk)
    } catch (error) {
      this.#lost(error as Error)
    }
  }
  #take(bytes: Buffer, start: number, end: number): void {
    if (this.#ended) return
    const question = this.#asked[this.#at]
    // it says good-bye, or speaks of what nobody asked
    if (question === undefined) return this.#lost(new Error(CLOSED))
    const answer = this.#answer
    if (!this.#begun) {
      this.#begun = true
      answer.begin(question.prepare, question.begin(this) ? question : undefined)
    }
    if (!answer.take(bytes, start, end)) return
    if (answer.statement) this.#channel.stream.write(command(COM_STMT_CLOSE, answer.statement))
    this.answers++
    this.#at++
    this.#next()
    const { sets, error } = answer
    this.#events.answered(this, question, sets, error)
    if (this.#at === this.#asked.length && !this.#ended) this.#events.idle(this)
  }
  #lost(error: Error): void {
    if (this.#ended) return
    this.destroy()
    this.#events.lost(this, error)
  }
}
const CLOSED = 'the server closed the connection'

interface Commands {
  readonly bytes: Buffer
  /** An answer counts on from its command's packets. */
  readonly numbers: readonly number[]
}
/** Of small ones, which are usual, one piece of memory. */
function commandsOf(questions: readonly Question[], backslash: boolean): Commands {
  const texts: string[] = []
  let most = 0
  for (const question of questions) {
    const text = question.text(backslash)
    if (question.prepare || text.length > SMALL) return largeOnes(questions, backslash)
    texts.push(text)
    most += HEADER + 1 + text.length * 3
  }
  const bytes = Buffer.allocUnsafe(most)
  let at = 0
  for (const text of texts) {
    const length = bytes.write(text, at + HEADER + 1) + 1
    bytes.writeUInt32LE(length, at)
    bytes[at + HEADER] = COM_QUERY
    at += HEADER + length
  }
  return { bytes: bytes.subarray(0, at), numbers: NONE }
}
function largeOnes(questions: readonly Question[], backslash: boolean): Commands {
  const all = questions.map((one) => command(one.prepare ? COM_STMT_PREPARE : COM_QUERY, one.text(backslash)))
  const packets = (bytes: number) => Math.floor((bytes - HEADER) / (HEADER + FULL)) + 1
  return { bytes: Buffer.concat(all), numbers: all.map(({ length }) => packets(length) & 0xff) }
}
const NONE: readonly number[] = []
