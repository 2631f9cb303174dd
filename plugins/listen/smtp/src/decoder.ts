/**
 * Content as it comes over the wire, made into content as the core wants it: CRLF line ends, dots unstuffed (RFC 5321
 * section 4.5.2). A chunk without a bare LF and without a line that starts with a dot goes on as it is, uncopied.
 */

/** What to do about an LF without its CR (Postfix's smtpd_forbid_bare_newline). */
export type BareNewline = 'no' | 'normalize' | 'reject'

const LF = 10
const CR = 13
const DOT = 46
const CRLF = Buffer.from('\r\n')
/** Below this a loop in JavaScript beats a call into C++. */
const NEAR = 16

/** Where in a line the next byte stands. */
const START = 0
const DOTTED = 1
const DOTTED_CR = 2
const INSIDE = 3

export type Emit = (chunk: Buffer) => void

export class ContentDecoder {
  /** the line with the single dot has come */
  ended = false
  /** an LF without CR was seen */
  bareLf = false
  readonly #dots: boolean
  /** only <CR><LF>.<CR><LF> ends the content: what looks like an end to a laxer server smuggles nothing in here */
  readonly #strict: boolean
  readonly #emit: Emit
  #state = START
  #afterCr = false
  #afterBareLf = false
  /** CRs behind one that is out already: with an LF they are part of the line end */
  #held = 0

  constructor(dots: boolean, bareNewline: BareNewline, emit: Emit) {
    this.#dots = dots
    this.#strict = bareNewline !== 'no'
    this.#emit = emit
  }

  /** Takes `chunk` from `from` to `to`, or to the end of the content; answers where it stopped. */
  decode(chunk: Buffer, from: number, to = chunk.length): number {
    if (from >= to) return to
    const clear = this.#scan(chunk, from, to)
    if (this.ended) return clear
    return clear < to ? this.#rewrite(chunk, clear, to) : to
  }

  /** BDAT's last chunk may leave its line open. */
  finish(): void {
    if (this.#state === INSIDE) this.#emit(this.#afterCr ? CRLF.subarray(1) : CRLF)
    this.#held = 0
    this.#state = START
  }

  /** Passes on what needs no change; answers the first byte that does (or the end, or what follows the last line). */
  #scan(chunk: Buffer, from: number, to: number): number {
    let line = from
    let start = this.#state === START
    if (!start && (this.#state !== INSIDE || (!this.#strict && this.#afterCr && chunk[from] === CR))) return from
    if (this.#held > 0) return from
    for (;;) {
      if (start && this.#dots && chunk[line] === DOT) return this.#atDot(chunk, from, line, to)
      const lf = nextLf(chunk, line, to)
      const end = lf < 0 ? to : lf
      if (!this.#strict && end - 2 >= line && chunk[end - 1] === CR && chunk[end - 2] === CR)
        return this.#atCrs(chunk, from, end, line, start)
      if (lf < 0) {
        this.#emit(chunk.subarray(from, to))
        this.#afterCr = chunk[to - 1] === CR
        this.#state = INSIDE
        return to
      }
      if (lf > from ? chunk[lf - 1] !== CR : !this.#afterCr || start) {
        if (lf > from) this.#emit(chunk.subarray(from, lf))
        this.#afterCr = false
        this.#state = lf === line && start ? START : INSIDE
        return lf
      }
      this.#afterBareLf = false
      line = lf + 1
      start = true
      if (line === to) {
        this.#emit(chunk.subarray(from, to))
        this.#state = START
        return to
      }
    }
  }

  /** A dot at the start of a line: the end that nearly every message has is taken here, without a copy. */
  #atDot(chunk: Buffer, from: number, line: number, to: number): number {
    if (line > from) this.#emit(chunk.subarray(from, line))
    this.#state = START
    if (line + 2 >= to || chunk[line + 1] !== CR || chunk[line + 2] !== LF) return line
    if (this.#strict && this.#afterBareLf) return line
    this.ended = true
    return line + 3
  }

  /** More than one CR: which of them go on depends on what follows. */
  #atCrs(chunk: Buffer, from: number, end: number, line: number, start: boolean): number {
    let at = end
    while (at > line && chunk[at - 1] === CR) at--
    if (at > from) this.#emit(chunk.subarray(from, at))
    this.#afterCr = false
    this.#state = at === line && start ? START : INSIDE
    return at
  }

  #rewrite(chunk: Buffer, from: number, to: number): number {
    // a bare LF grows by its CR; one more for a CR held back behind a dot
    const out = Buffer.allocUnsafe((to - from) * 2 + 1 + this.#held)
    let at = from
    let o = 0
    while (at < to && !this.ended) {
      if (this.#state !== INSIDE) {
        at = this.#lineStart(chunk, at, to)
        if (this.#state !== INSIDE) continue
        if (this.#afterCr) out[o++] = CR
      }
      const begin = at
      const near = Math.min(at + NEAR, to)
      while (at < near && chunk[at] !== LF) out[o++] = chunk[at++]!
      if (at === near && at < to) {
        const lf = chunk.indexOf(LF, at)
        const end = lf < 0 || lf > to ? to : lf
        o += chunk.copy(out, o, at, end)
        at = end
      }
      if (at > begin) {
        if (!this.#strict) o = this.#holdCrs(out, o - (at - begin), o)
        this.#afterCr = chunk[at - 1] === CR
      }
      if (at < to) {
        at++
        if (!this.#afterCr) {
          this.bareLf = true
          out[o++] = CR
        }
        out[o++] = LF
        this.#afterBareLf = !this.#afterCr
        this.#held = 0
        this.#state = START
      }
    }
    if (o > 0) this.#emit(out.subarray(0, o))
    return at
  }

  /**
   * Of the CRs that the bytes from `from` to `to` of `out` end with only one goes out, as Postfix takes any number of them
   * for part of the line end; those held so far come before other bytes. Answers the new end.
   */
  #holdCrs(out: Buffer, from: number, to: number): number {
    let end = to
    while (end > from && out[end - 1] === CR) end--
    const held = this.#held
    if (end === from && this.#afterCr) {
      this.#held += to - from
      return from
    }
    if (held > 0) out.copyWithin(from + held, from, end).fill(CR, from, from + held)
    this.#held = Math.max(0, to - end - 1)
    if (to > end) out[end + held] = CR
    return end + held + (to > end ? 1 : 0)
  }

  /** Takes the dot that hides a line; the state tells whether the line has begun (and a CR is due) or is still unclear. */
  #lineStart(chunk: Buffer, at: number, to: number): number {
    if (this.#state === START) {
      this.#afterCr = false
      if (!this.#dots || chunk[at] !== DOT) {
        this.#state = INSIDE
        return at
      }
      this.#state = DOTTED
      if (++at === to) return at
    }
    const byte = chunk[at]
    if (byte === LF) {
      this.ended = this.#lonelyDot(this.#state === DOTTED)
      return at + 1
    }
    if (this.#state === DOTTED_CR && byte === CR && !this.#strict) {
      this.#held++
      return at + 1
    }
    if (this.#state === DOTTED && byte === CR) {
      this.#state = DOTTED_CR
      return at + 1
    }
    this.#afterCr = this.#state === DOTTED_CR
    this.#state = INSIDE
    return at
  }

  /** A line of one dot: the end, unless a bare LF before or behind it makes it a smuggler's; then it is dropped. */
  #lonelyDot(bare: boolean): boolean {
    if (bare) this.bareLf = true
    const end = !this.#strict || (!bare && !this.#afterBareLf)
    this.#afterBareLf = bare
    this.#afterCr = false
    this.#held = 0
    this.#state = START
    return end
  }
}

function nextLf(chunk: Buffer, from: number, to: number): number {
  const near = Math.min(from + NEAR, to)
  for (let i = from; i < near; i++) if (chunk[i] === LF) return i
  if (near === to) return -1
  const lf = chunk.indexOf(LF, near)
  return lf < to ? lf : -1
}
