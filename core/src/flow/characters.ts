/**
 * Bytes that no message may have, and bytes that are taken out of it, before anybody looks for its header (Postfix's
 * message_reject_characters and message_strip_characters). Line ends are never meant.
 */
import type { Settings } from '../config/schema.ts'
import type { Reply } from '../contract/facts.ts'

export const DISALLOWED: Reply = { code: 550, esc: '5.7.1', text: 'disallowed character' }

const LF = 10
const CR = 13
/** as much as a log line takes */
const MOST = 200

type CharacterSettings = Pick<Settings, 'messageStripCharacters' | 'messageRejectCharacters'>

export class Characters {
  readonly #reject: Uint8Array
  readonly #strip: Uint8Array
  /** the line in which a byte was found that nothing may have */
  found: string | undefined

  private constructor(reject: Uint8Array, strip: Uint8Array) {
    this.#reject = reject
    this.#strip = strip
  }
  /** `undefined`: there is nothing to look for. */
  static of({ messageRejectCharacters, messageStripCharacters }: CharacterSettings): Characters | undefined {
    if (messageRejectCharacters === '' && messageStripCharacters === '') return undefined
    return new Characters(bytesOf(messageRejectCharacters), bytesOf(messageStripCharacters))
  }
  /** The chunk itself where nothing is taken out; it is never changed. */
  clean(chunk: Buffer): Buffer {
    let out: Buffer | undefined
    let to = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (this.#reject[byte] === 1) this.found ??= lineAt(chunk, at)
      if (this.#strip[byte] === 1) {
        out ??= Buffer.from(chunk)
        continue
      }
      if (out) out[to] = byte
      to++
    }
    return out ? out.subarray(0, to) : chunk
  }
}
/** A table of all bytes: 1 where it is one of them. */
function bytesOf(characters: string): Uint8Array {
  const out = new Uint8Array(256)
  for (const byte of Buffer.from(characters, 'latin1')) if (byte !== LF && byte !== CR) out[byte] = 1
  return out
}
function lineAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(LF, at)
  const line = bytes.subarray(bytes.lastIndexOf(LF, at) + 1, end < 0 ? undefined : end)
  return line.toString('utf8').slice(0, MOST).trimEnd()
}
