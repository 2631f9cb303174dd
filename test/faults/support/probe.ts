/** Clients that only want the banner: what the door does while the house behind it changes. */
import { connect } from 'node:net'
import { sleep } from '@postern/testkit'

export class Probe {
  /** banners of 220 */
  greeted = 0
  /** ECONNREFUSED: nobody holds the port */
  refused = 0
  /** connections that ended without a banner: their worker was killed with them in hand */
  broken = 0
  /** 421: a worker that is leaving */
  turnedAway = 0
  /** ms from connect to banner, the longest */
  longest = 0
  readonly #port: number
  #over = false
  #all: Promise<unknown> = Promise.resolve()

  constructor(port: number) {
    this.#port = port
  }
  /** So many clients, each connects again `every` ms after it was answered. */
  start(clients = 4, every = 20): this {
    this.#all = Promise.all(Array.from({ length: clients }, () => this.#client(every)))
    return this
  }
  async stop(): Promise<void> {
    this.#over = true
    await this.#all
  }
  get summary(): string {
    const { greeted, refused, broken, turnedAway, longest } = this
    return `${greeted} greeted, ${refused} refused, ${broken} broken, ${turnedAway} turned away, longest ${Math.round(longest)} ms`
  }
  async #client(every: number): Promise<void> {
    for (; !this.#over; await sleep(every)) await this.#once()
  }
  #once(): Promise<void> {
    return new Promise((done) => {
      const from = performance.now()
      let text = ''
      let code = ''
      const socket = connect(this.#port, '127.0.0.1').setEncoding('latin1')
      socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? ''))
      socket.on('data', (chunk: string) => {
        text += chunk
        if (!text.endsWith('\r\n')) return
        this.longest = Math.max(this.longest, performance.now() - from)
        socket.end('QUIT\r\n')
      })
      socket.once('close', () => {
        if (code === 'ECONNREFUSED') this.refused++
        else if (text.startsWith('220')) this.greeted++
        else if (text.startsWith('421')) this.turnedAway++
        else this.broken++
        done()
      })
    })
  }
}
