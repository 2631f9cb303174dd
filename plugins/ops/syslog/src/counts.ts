/** The end of a disconnect line: which commands came, and how many of them were granted. `ehlo=1 rcpt=1/2 commands=2/3` */

/** in Postfix's order */
const VERBS = [
  ...['HELO', 'EHLO', 'LHLO', 'XCLIENT', 'XFORWARD', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'BDAT'],
  ...['RSET', 'NOOP', 'VRFY', 'ETRN', 'QUIT', 'UNKNOWN'],
]
const KNOWN = new Set(VERBS)
export const verbOf = (command: string): string => (KNOWN.has(command) ? command : 'UNKNOWN')

export class Counts {
  readonly #granted = new Map<string, number>()
  readonly #all = new Map<string, number>()
  #verb: string | undefined
  #good = false
  /** 334 and 354: the command goes on */
  #more = false

  /** A line has come, and this is its first reply. */
  begin(verb: string, code: number): void {
    if (this.#more && verb === 'AUTH' && this.#verb === 'AUTH') return this.goOn(code)
    this.#settle()
    this.#verb = verb
    this.#good = code < 400
    this.#more = code === 334 || code === 354
    this.#all.set(verb, (this.#all.get(verb) ?? 0) + 1)
  }
  /** One more reply to the same command. */
  goOn(code: number): void {
    this.#good &&= code < 400
    this.#more = code === 334
  }
  /** To be asked once, at the end. */
  get text(): string {
    this.#settle()
    let [granted, all] = [0, 0]
    let text = ''
    for (const verb of VERBS) {
      const came = this.#all.get(verb)
      if (came === undefined) continue
      const good = this.#granted.get(verb) ?? 0
      granted += good
      all += came
      text += ` ${verb.toLowerCase()}=${share(good, came)}`
    }
    return `${text} commands=${share(granted, all)}`
  }
  #settle(): void {
    if (this.#verb !== undefined && this.#good && !this.#more)
      this.#granted.set(this.#verb, (this.#granted.get(this.#verb) ?? 0) + 1)
    this.#verb = undefined
    this.#more = false
  }
}
const share = (good: number, came: number): string => (good === came && came > 0 ? String(came) : `${good}/${came}`)
