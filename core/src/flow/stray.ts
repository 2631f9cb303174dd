/**
 * A CR that ends no line becomes a blank, as Postfix makes it (cleanup_replace_stray_cr_lf): what another server would take
 * for the end of a line smuggles nothing past this one.
 */
const CR = 13
const LF = 10
const BLANK = 32

export class StrayCr {
  /** the last chunk ended with a CR, which waits for the next byte */
  #held = false

  /** The chunk itself where there is none; it is never changed. */
  clean(chunk: Buffer): Buffer {
    let cr = chunk.indexOf(CR)
    if (cr < 0 && !this.#held) return chunk
    let out = chunk
    if (this.#held && chunk.length > 0) {
      out = Buffer.concat([Buffer.of(chunk[0] === LF ? CR : BLANK), chunk])
      this.#held = false
      cr = out.indexOf(CR)
    }
    let isCopy = out !== chunk
    for (; cr >= 0; cr = out.indexOf(CR, cr + 1)) {
      if (out[cr + 1] === LF) continue
      if (cr + 1 === out.length) {
        this.#held = true
        return out.subarray(0, cr)
      }
      if (!isCopy) out = Buffer.from(out)
      isCopy = true
      out[cr] = BLANK
    }
    return out
  }
}
