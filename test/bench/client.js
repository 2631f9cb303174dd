/** A client for what smtp-source cannot tell: how long each 250 took, and connections that do nothing. */
import net from 'node:net'

export class Client {
  #socket
  #text = ''
  #wake
  #error

  /** Connects, reads the greeting, says EHLO. */
  static async open(port, ms = 30_000) {
    const c = new Client()
    c.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    c.#socket.setEncoding('latin1')
    c.#socket.setTimeout(ms, () => c.#socket.destroy(new Error(`no answer in ${ms} ms`)))
    c.#socket.on('data', (text) => {
      c.#text += text
      c.#wake?.()
    })
    for (const end of ['error', 'close'])
      c.#socket.on(end, (error) => {
        c.#error ??= error instanceof Error ? error : new Error('the connection ended')
        c.#wake?.()
      })
    await c.#reply(220)
    await c.#say('EHLO bench.example', 250)
    return c
  }
  /** One message; ms from the final dot to the 250. */
  async send(content, to = 'u@bench.test') {
    await this.#say('MAIL FROM:<bench@sender.test>', 250)
    await this.#say(`RCPT TO:<${to}>`, 250)
    await this.#say('DATA', 354)
    const began = performance.now()
    await this.#say(`${content}\r\n.`, 250)
    return performance.now() - began
  }
  idle() {
    this.#socket.setTimeout(0)
  }
  close() {
    this.#socket.destroy()
  }
  #say(line, code) {
    this.#socket.write(`${line}\r\n`)
    return this.#reply(code)
  }
  async #reply(code) {
    let end
    while (!(end = /^\d{3} .*\r\n/m.exec(this.#text))) {
      if (this.#error) throw this.#error
      await new Promise((r) => (this.#wake = r))
    }
    this.#text = ''
    if (!end[0].startsWith(String(code))) throw new Error(`expected ${code}: ${end[0].trim()}`)
  }
}
