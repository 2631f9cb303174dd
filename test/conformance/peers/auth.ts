/** Dovecot's authentication protocol (version 1.2) for the mechanisms PLAIN and LOGIN. */
import { chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { ByteLines, utf8, withoutEnd } from './lines.ts'

const GREETING = [
  'VERSION\t1\t2',
  'MECH\tPLAIN\tplaintext',
  'MECH\tLOGIN\tplaintext',
  'SPID\t1',
  'CUID\t1',
  'COOKIE\t00112233445566778899aabbccddeeff',
  'DONE',
]
const IDLE = 600_000
const base64 = (text: string) => Buffer.from(text).toString('base64')
/** Empty for what is no base64. */
const decoded = (text: string) =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
    ? Buffer.from(text, 'base64').toString('utf8')
    : ''

interface Attempt {
  readonly mechanism: string
  user?: string
}

/** Listens on the socket `path`, which everybody may use. */
export function authServer(path: string, users: Readonly<Record<string, string>>): Promise<void> {
  const server = createServer((socket) => void new Client(socket, users).run())
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, () => {
      chmodSync(path, 0o666)
      resolve()
    })
  })
}

class Client {
  readonly #socket: Socket
  readonly #users: Readonly<Record<string, string>>
  readonly #attempts = new Map<string, Attempt>()

  constructor(socket: Socket, users: Readonly<Record<string, string>>) {
    this.#socket = socket
    this.#users = users
  }

  async run(): Promise<void> {
    const lines = new ByteLines(this.#socket)
    for (const line of GREETING) this.#say(line)
    for (;;) {
      const read = await lines.next(IDLE)
      if (typeof read !== 'string') break
      const [verb, id = '', ...rest] = utf8(withoutEnd(read)).split('\t')
      if (verb === 'AUTH') this.#begin(id, rest)
      else if (verb === 'CONT') this.#go(id, rest[0] ?? '')
    }
    this.#socket.destroy()
  }

  #begin(id: string, [mechanism = '', ...parameters]: readonly string[]): void {
    this.#attempts.set(id, { mechanism })
    const response = parameters.find((p) => p.startsWith('resp='))?.slice('resp='.length)
    if (response) this.#go(id, response)
    else this.#say(`CONT\t${id}\t${mechanism === 'PLAIN' ? '' : base64('Username:')}`)
  }

  #go(id: string, response: string): void {
    const attempt = this.#attempts.get(id) ?? { mechanism: 'PLAIN' }
    const text = decoded(response)
    if (attempt.mechanism === 'PLAIN') {
      // RFC 4616: whom to act for, who, password
      const [, user, password, more] = text.split('\0')
      if (password === undefined || more !== undefined) this.#say(`FAIL\t${id}`)
      else this.#end(id, user!, password)
    } else if (attempt.user === undefined) {
      attempt.user = text
      this.#say(`CONT\t${id}\t${base64('Password:')}`)
    } else this.#end(id, attempt.user, text)
  }

  #end(id: string, user: string, password: string): void {
    const good = Object.hasOwn(this.#users, user) && this.#users[user] === password
    this.#say(`${good ? 'OK' : 'FAIL'}\t${id}\tuser=${user}`)
  }
  #say(line: string): void {
    this.#socket.write(`${line}\n`)
  }
}
