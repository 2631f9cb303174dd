/** What one client may get wrong or waste in a session (Postfix's smtpd_*_error_limit, smtpd_junk_command_limit). */
export interface SessionLimits {
  readonly softErrors: number
  readonly hardErrors: number
  readonly junkCommands: number
  /** recipients over the limit that are not yet an error */
  readonly overshoot: number
}

export class Patience {
  readonly #limits: SessionLimits
  #errors = 0
  #junk = 0
  #overshoot = 0

  constructor(limits: SessionLimits) {
    this.#limits = limits
  }
  error(): void {
    this.#errors++
  }
  /** NOOP, RSET, HELO, VRFY and the like: an error each beyond the limit */
  junk(): void {
    if (this.#junk++ > this.#limits.junkCommands) this.#errors++
  }
  tooManyRecipients(): void {
    if (this.#overshoot++ >= this.#limits.overshoot) this.#errors++
  }
  newTransaction(): void {
    this.#overshoot = 0
  }
  /** A message was taken: all is forgiven. */
  forgive(): void {
    this.#errors = 0
    this.#junk = 0
  }
  /** Replies are held back. */
  get thin(): boolean {
    return this.#errors >= this.#limits.softErrors
  }
  get spent(): boolean {
    return this.#errors >= this.#limits.hardErrors
  }
}
