/** A policy server (Postfix's SMTPD_POLICY_README) that writes down what it is asked. */
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { PolicySpec } from '../cases.ts'
import { ByteLines, utf8, withoutEnd } from './lines.ts'

/** What does not differ from run to run. */
const KEPT = [
  'request',
  'protocol_state',
  'protocol_name',
  'helo_name',
  'sender',
  'recipient',
  'recipient_count',
  'client_address',
  'client_name',
  'reverse_client_name',
  'size',
  'etrn_domain',
  'sasl_username',
  'sasl_method',
  'sasl_sender',
  'stress',
  'policy_context',
  'encryption_protocol',
  'server_address',
]
const IDLE = 600_000

export class PolicyServer {
  readonly requests: Readonly<Record<string, string>>[] = []
  readonly #spec: PolicySpec

  constructor(spec: PolicySpec) {
    this.#spec = spec
  }
  up(): Promise<void> {
    const server = createServer((socket) => void this.#serve(socket))
    return new Promise((resolve, reject) => {
      server.once('error', reject).listen(this.#spec.port ?? 10031, '127.0.0.1', () => resolve())
    })
  }

  async #serve(socket: Socket): Promise<void> {
    const lines = new ByteLines(socket.setNoDelay(true))
    let request: Record<string, string> = {}
    for (;;) {
      const read = await lines.next(IDLE)
      if (typeof read !== 'string') break
      const line = utf8(withoutEnd(read))
      if (line !== '') {
        const at = line.indexOf('=')
        request[line.slice(0, at)] = line.slice(at + 1)
        continue
      }
      const asked = request
      request = {}
      this.requests.push(Object.fromEntries(KEPT.filter((k) => k in asked).map((k) => [k, asked[k]!])))
      socket.write(`action=${this.#decide(asked)}\n\n`)
    }
    socket.destroy()
  }
  #decide(request: Readonly<Record<string, string>>): string {
    const agrees = (match: Readonly<Record<string, string>>) =>
      Object.entries(match).every(([name, value]) => (request[name] ?? '') === value)
    return this.#spec.rules?.find((rule) => agrees(rule.match))?.action ?? 'DUNNO'
  }
}
