/** Lines of the report: a conversation, with what stands under each line of it. */
import type { Paint } from '../text/paint.ts'
import { wrap } from '../text/wrap.ts'
import { isSilent, saidText, saysNo } from './taps.ts'
import type { SaidTap } from './taps.ts'

export interface PageOptions {
  readonly width: number
  readonly paint: Paint
  /** show also taps that had nothing to say */
  readonly verbose: boolean
}
export class Page {
  readonly lines: string[] = []
  readonly #o: PageOptions
  readonly #names: number
  constructor(options: PageOptions, taps: readonly SaidTap[]) {
    this.#o = options
    this.#names = Math.min(
      30,
      Math.max(0, ...taps.filter((t) => options.verbose || !isSilent(t)).map((t) => nameOf(t).length)),
    )
  }
  blank(): void {
    if (this.lines.length > 0) this.lines.push('')
  }
  title(text: string): void {
    this.lines.push(...wrap(text, this.#o.width).map(this.#o.paint.bold))
  }
  client(text: string): void {
    this.#hanging('C: ', text, this.#o.paint.bold)
  }
  server(code: number, text: string): void {
    this.#hanging('S: ', text, this.#byCode(code))
  }
  plain(text: string, indent = 0): void {
    this.#hanging(' '.repeat(indent), text, (t) => t)
  }
  outcome(kind: 'good' | 'warn' | 'bad', text: string, indent = 0): void {
    this.#hanging(' '.repeat(indent), text, this.#o.paint[kind])
  }
  /** `hook  use  answer`, details below it */
  tap(t: SaidTap, indent: number): void {
    if (isSilent(t) && !this.#o.verbose) return
    const { paint } = this.#o
    const colour = saysNo(t) ? paint.bad : t.verdict ? paint.good : paint.dim
    this.entry(t.hook, nameOf(t), saidText(t), indent, colour)
    const inner = indent + 9 + this.#names + 4
    for (const d of t.details) this.#hanging(' '.repeat(inner), d, paint.dim, 2)
  }
  entry(hook: string, name: string, text: string, indent: number, colour = this.#o.paint.dim): void {
    const head = `${' '.repeat(indent)}${hook.padEnd(8)} ${name.padEnd(this.#names)}  `
    this.#hanging(head, text, colour)
  }
  #hanging(head: string, text: string, colour: (text: string) => string, hang = 0): void {
    const [first, ...rest] = wrap(text, this.#o.width - head.length)
    const more = hang === 0 ? rest : wrap(rest.join(' '), this.#o.width - head.length - hang)
    this.lines.push((head + colour(first!)).trimEnd())
    for (const line of rest.length > 0 ? more : []) this.lines.push(' '.repeat(head.length + hang) + colour(line))
  }
  #byCode(code: number): (text: string) => string {
    const { paint } = this.#o
    return code >= 500 ? paint.bad : code >= 400 ? paint.warn : paint.good
  }
}
const nameOf = (t: SaidTap): string => (t.tap === t.use ? t.use : `${t.use} (${t.tap})`)
