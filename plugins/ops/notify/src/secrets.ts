/** What a client said, without what only it and the authentication backend may know. */

const VERBS =
  /^(HELO|EHLO|LHLO|MAIL|RCPT|DATA|BDAT|RSET|NOOP|VRFY|EXPN|ETRN|HELP|QUIT|STARTTLS|XCLIENT|XFORWARD)(?=\s|$)/i
const AUTH = /^\s*AUTH(?!\w*\s*:)[^\s]*(?:\s+(\S+))?(.*)$/is
const AUTHORIZATION = /^\s*(PROXY-)?AUTH\w*\s*:/i
/** a secret may stand where the mechanism is due */
const MECHANISM =
  /^(PLAIN|LOGIN|ANONYMOUS|EXTERNAL|CRAM-MD5|DIGEST-MD5|SCRAM-SHA-\d+(-PLUS)?|GSSAPI|GS2-\w+|NTLM|XOAUTH2|OAUTHBEARER)$/i
/** other protocols' way to log in */
const LOGIN = /^\s*(USER|PASS|LOGIN|APOP)\s/i

export class Secrets {
  /** a client that wants to log in goes on with its secret, heard or not, until it says a command of SMTP's */
  #near = false
  #challenged = false

  /** `line` as the client sent it; `reply`: the code it was answered with */
  shown(line: string, code: number): string {
    const answer = this.#challenged
    this.#challenged = code === 334
    // whatever it looks like
    if (answer) return '*'
    const auth = AUTH.exec(line)
    const plain = VERBS.test(line)
    if (plain) this.#near = false
    const hide = this.#near
    if (auth || this.#challenged) this.#near = true
    if (auth) return authShown(auth[1], auth[2])
    if (hide) return '*'
    return LOGIN.test(line) || AUTHORIZATION.test(line) ? `${/\S+/.exec(line)![0]} *` : line
  }
}

function authShown(mechanism: string | undefined, rest: string | undefined): string {
  if (mechanism === undefined) return 'AUTH'
  if (!MECHANISM.test(mechanism)) return 'AUTH *'
  return `AUTH ${mechanism}${rest?.trim() ? ' *' : ''}`
}
