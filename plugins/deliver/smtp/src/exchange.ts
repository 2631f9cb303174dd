/** The dialogue of one transaction: what is sent when, and which command a reply belongs to. */
import type { Connection } from './connection.ts'
import type { Failure, Stage } from './failure.ts'
import { isPositive } from './outcome.ts'
import { codeOf } from './replies.ts'
import { frame, Stuffer } from './stuff.ts'
import type { Transaction } from './transaction.ts'

/** Up to this size a message in memory leaves in one write, copied into one buffer. */
const ONE_WRITE = 65_536
/** More pieces than this are copied into one buffer. */
const MANY_PIECES = 128
/** ms for a reply that nobody's mail waits for */
const IDLE_REPLY = 5000

export class Exchange {
  stage: Stage = 'mail'
  readonly #connection: Connection
  readonly #transaction: Transaction
  readonly #pipelined: boolean
  #mailTaken = false
  /** replies to RCPT so far */
  #replied = 0
  readonly #accepted: number[] = []
  /** final replies so far (LMTP) */
  #finals = 0
  #over = false
  /** goes on with the content */
  #wake: (() => void) | undefined

  constructor(connection: Connection, transaction: Transaction) {
    this.#connection = connection
    this.#transaction = transaction
    this.#pipelined = connection.features.pipelining
  }

  /** RFC 2920 section 3.1: DATA ends the batch; the content waits for its 354. */
  start(): void {
    const { mail, rcpts, content } = this.#transaction
    const { dirty, timeouts } = this.#connection
    if (dirty) this.stage = 'rset'
    this.#connection.limit(timeouts.mail)
    if (!this.#pipelined) return this.#write(dirty ? 'RSET' : mail)
    const last = content ? 'DATA' : 'RSET'
    let batch = dirty ? `RSET\r\n${mail}\r\n` : `${mail}\r\n`
    for (const rcpt of rcpts) batch += `${rcpt}\r\n`
    this.#connection.outgoing.say(`${batch}${last}\r\n`)
  }

  reply(text: string): void {
    const closing = codeOf(text) === '421'
    this.#dispatch(text)
    // RFC 5321 section 3.8: the server is going; no further reply will come
    if (closing && !this.#over) this.#connection.fail({ kind: 'lost', stage: this.stage })
    else if (closing) this.#connection.close()
  }
  end(failure?: Failure): void {
    if (this.#over) return
    this.#over = true
    this.#transaction.onEnd(failure)
    this.#wake?.()
  }

  #dispatch(text: string): void {
    switch (this.stage) {
      case 'rset':
        this.stage = 'mail'
        if (!this.#pipelined) this.#write(this.#transaction.mail)
        return
      case 'mail':
        return this.#onMail(text)
      case 'rcpt':
        return this.#onRcpt(text)
      case 'data':
        return this.#onData(text)
      case 'done':
        return this.#onFinal(text)
      default:
        // an answer while the content is under way cannot be an answer to its end
        return this.#connection.fail({ kind: 'protocol', stage: this.stage, reply: text })
    }
  }
  #onMail(text: string): void {
    // a kept connection that the server was just closing: nothing is said about this message
    if (this.#connection.uses > 1 && codeOf(text) === '421') {
      return this.#connection.fail({ kind: 'lost', stage: 'mail' })
    }
    this.#mailTaken = isPositive(text)
    if (!this.#mailTaken) this.#transaction.onMail(text)
    this.stage = 'rcpt'
    this.#connection.limit(this.#connection.timeouts.rcpt)
    if (this.#pipelined) return
    if (this.#mailTaken) this.#write(this.#transaction.rcpts[0]!)
    else this.#finish(true)
  }
  #onRcpt(text: string): void {
    const index = this.#replied++
    const { rcpts, content } = this.#transaction
    if (this.#mailTaken) {
      if (isPositive(text)) this.#accepted.push(index)
      this.#transaction.onRcpt(index, text)
    }
    if (this.#replied < rcpts.length) {
      if (!this.#pipelined) this.#write(rcpts[this.#replied]!)
      return
    }
    this.stage = 'data'
    const { dataInit } = this.#connection.timeouts
    // when nobody was taken only the connection waits for the reply, and it is not worth long
    this.#connection.limit(this.#accepted.length > 0 ? dataInit : Math.min(dataInit, IDLE_REPLY))
    if (this.#pipelined) return
    if (this.#accepted.length === 0 || !content) this.#finish(true)
    else this.#write('DATA')
  }
  #onData(text: string): void {
    if (!this.#transaction.content) return this.#finish(!isPositive(text))
    const go = codeOf(text) === '354'
    if (this.#accepted.length === 0) {
      // a server that wants a message for nobody is out of step: nothing is sent to it, not even a dot
      this.#finish(true)
      if (go) this.#connection.close()
      return
    }
    if (go) return this.#send()
    this.#transaction.onDataRefused(text)
    this.#finish(true)
    // a positive reply other than 354 leaves open what it waits for
    if (!/^[45]/.test(codeOf(text))) this.#connection.close()
  }
  #onFinal(text: string): void {
    if (!this.#connection.lmtp) {
      this.#transaction.onFinal(undefined, text)
      return this.#finish(false)
    }
    // RFC 2033 section 4.2: one reply for each accepted recipient, in order
    this.#transaction.onFinal(this.#accepted[this.#finals++]!, text)
    if (this.#finals === this.#accepted.length) this.#finish(false)
  }
  /** The connection is free before anybody is told, so that it can be kept. */
  #finish(dirty: boolean): void {
    this.#connection.finished(dirty)
    this.end()
  }

  #send(): void {
    const { header, gap, body, lineLimit } = this.#transaction.content!
    const size = header.length + body.size
    if (body.bytes && size <= ONE_WRITE) {
      this.#sent()
      this.#connection.outgoing.say(frame([header, gap, ...body.bytes], lineLimit))
      return
    }
    this.stage = 'content'
    this.#connection.limit(this.#connection.timeouts.dataXfer)
    if (body.bytes) return this.#sendAll([header, gap, ...body.bytes], lineLimit)
    this.#stream([header, gap], body.stream(), lineLimit).catch((cause: unknown) =>
      // a message that cannot be read to its end must not get its final dot
      this.#connection.fail({ kind: 'body', stage: this.stage, cause }),
    )
  }
  /** All of it in one call, where it lies. A failure is the connection's. */
  #sendAll(message: readonly Uint8Array[], lineLimit: number): void {
    const stuffer = new Stuffer(lineLimit)
    const pieces = message.flatMap((chunk) => stuffer.chunk(chunk))
    pieces.push(...stuffer.end())
    const socket = this.#connection.outgoing.direct
    const sent = (error?: Error | null): void => {
      if (!error && !this.#over) this.#sent()
    }
    // a line in two or three starts with a dot: copying costs less than as many pieces
    if (pieces.length > MANY_PIECES) return void socket.write(Buffer.concat(pieces), sent)
    const last = pieces.pop()!
    socket.cork()
    for (const piece of pieces) socket.write(piece)
    socket.write(last, sent)
    socket.uncork()
  }
  async #stream(before: readonly Uint8Array[], body: AsyncIterable<Uint8Array>, lineLimit: number): Promise<void> {
    const stuffer = new Stuffer(lineLimit)
    const socket = this.#connection.outgoing.direct
    const put = (...chunks: Uint8Array[]): boolean => {
      let room = true
      socket.cork()
      for (const chunk of chunks) for (const piece of stuffer.chunk(chunk)) room = socket.write(piece)
      socket.uncork()
      return room
    }
    put(...before)
    for await (const chunk of body) {
      if (this.#over) return
      if (!put(chunk)) await this.#drained(socket)
    }
    if (this.#over) return
    this.#sent()
    socket.write(Buffer.concat(stuffer.end()))
  }
  #drained(socket: Connection['socket']): Promise<void> {
    return new Promise((resolve) => {
      // a connection that ends does not drain: `end` calls it too
      this.#wake = resolve
      if (this.#over) resolve()
      else socket.once('drain', resolve)
    })
  }
  #sent(): void {
    this.stage = 'done'
    this.#connection.limit(this.#connection.timeouts.dataDone)
  }
  #write(command: string): void {
    this.#connection.outgoing.say(`${command}\r\n`)
  }
}
