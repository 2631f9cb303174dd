/** What is wrong with the MIME structure of a message, in Postfix's words; the first thing that is. */
import { isAscii } from 'node:buffer'
import { MimeMachine } from '@postern/mime'
import type { Entity, MimeLimits } from '@postern/mime'

export interface Checks {
  readonly headers7bit: boolean
  readonly bodies: boolean
  readonly domains: boolean
  readonly limits: MimeLimits
}
export interface Problem {
  readonly text: string
  /** where it was found, as much as a log line takes */
  readonly found: string
}
const MOST = 200

export class Checker {
  readonly #checks: Checks
  readonly #machine: MimeMachine
  #problem: Problem | undefined

  constructor(checks: Checks) {
    this.#checks = checks
    this.#machine = new MimeMachine(
      {
        field: ({ raw }) => {
          if (checks.headers7bit && isEightBit(raw)) this.#found('improper use of 8-bit data in message header', raw)
        },
        excess: (bytes) => {
          if (checks.headers7bit && !isAscii(bytes))
            this.#found('improper use of 8-bit data in message header', latin1(bytes))
        },
        headerEnd: (entity) => {
          if (checks.domains && !isProperDomain(entity))
            this.#found('invalid message/* or multipart/* encoding domain', entity.encoding)
          return true
        },
        body: (bytes, { encoding }) => {
          if (checks.bodies && encoding === '7bit' && !isAscii(bytes))
            this.#found('improper use of 8-bit data in message body', lineOf(bytes))
        },
        tooDeep: ({ raw }) => this.#found('MIME nesting exceeds safety limit', raw),
      },
      checks.limits,
    )
  }
  /** `header`: raw, with its last CRLF, without the empty line. Reads no further than it must. */
  async check(header: Uint8Array, body: () => AsyncIterable<Uint8Array>): Promise<Problem | undefined> {
    this.#machine.header(header)
    if (this.#problem || !this.#mayFindMore()) return this.#problem
    for await (const chunk of body()) {
      this.#machine.write(chunk)
      if (this.#problem) return this.#problem
    }
    this.#machine.end()
    return this.#problem
  }
  /** A message without parts has no other header, and the content does not matter when only headers do. */
  #mayFindMore(): boolean {
    return this.#checks.bodies || this.#machine.expectsHeaders
  }
  #found(text: string, found: string): void {
    this.#problem ??= { text, found: Buffer.from(found.slice(0, MOST), 'latin1').toString('utf8') }
  }
}
/** RFC 2045 section 6.4, RFC 2046 sections 5.2.2 and 5.2.3; `message/global` may be encoded (RFC 6532 section 3.5). */
function isProperDomain({ type, subtype, encoding, domain }: Entity): boolean {
  if (type === 'multipart' || (type === 'message' && subtype === 'rfc822')) return encoding === domain
  if (type === 'message' && (subtype === 'partial' || subtype === 'external-body')) return domain === '7bit'
  return true
}
const isEightBit = (text: string): boolean => /[\x80-\xff]/.test(text)
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
function lineOf(bytes: Uint8Array): string {
  const at = bytes.findIndex((byte) => byte > 127)
  const start = bytes.lastIndexOf(10, at) + 1
  const end = bytes.indexOf(10, at)
  return latin1(bytes.subarray(start, end < 0 ? undefined : end)).trimEnd()
}
