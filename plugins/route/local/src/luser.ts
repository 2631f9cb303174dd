/** The address that gets the mail of users who do not exist (luser_relay of postconf(5)). */
import { internal, parseAddress, quoteLocal } from '@postern/core'
import type { MailAddress } from '@postern/core'
import { expandTemplate, literals, parseTemplate } from './template.ts'
import type { Template } from './template.ts'

/** `home` and `shell` are always empty: who does not exist has none. */
const NAMES = ['user', 'local', 'extension', 'domain', 'recipient', 'recipient_delimiter', 'home', 'shell']

/** A local recipient in its parts, in small letters as local(8) has them. */
export interface LocalName {
  readonly recipient: MailAddress
  /** without extension */
  readonly user: string
  readonly local: string
  readonly domain: string
  readonly extension: string | undefined
}

export class LuserRelay {
  readonly #template: Template
  readonly #site: { readonly myorigin: string; readonly recipientDelimiter: string }
  /** Throws a SyntaxError that says what is wrong. */
  constructor(text: string, site: { readonly myorigin: string; readonly recipientDelimiter: string }) {
    // Postfix would take them for addresses; who writes one wants something else
    if (/^\s*"?\s*(\||\/|:include:)/i.test(text))
      throw new SyntaxError(`expected an address: "${text}" is a command, a file or a list`)
    this.#template = parseTemplate(text, NAMES)
    this.#site = site
    if (literals(this.#template).some((part) => /[\s"(),;<>\\]/.test(part)))
      throw new SyntaxError(`expected one address without a name, quotes or comments, got "${text}"`)
    for (const extension of ['ext', undefined]) {
      const local = extension === undefined ? 'user' : `user+${extension}`
      const recipient = { text: `${local}@here.example`, local, domain: 'here.example' }
      const address = this.addressFor({ recipient, user: 'user', local, domain: 'here.example', extension })
      if (!parseAddress(address))
        throw new SyntaxError(
          `for a name ${extension === undefined ? 'without' : 'with'} extension "${text}" is no address`,
        )
    }
  }
  /** What a sender wrote into a name stays in the local part, whatever signs are in it. */
  addressFor({ recipient, user, local, domain, extension }: LocalName): string {
    const { myorigin, recipientDelimiter } = this.#site
    const text = expandTemplate(this.#template, {
      user,
      local,
      domain,
      extension,
      recipient: internal({ ...recipient, domain: recipient.domain || domain }),
      recipient_delimiter: local.slice(user.length, user.length + 1) || recipientDelimiter.slice(0, 1),
    })
    const at = this.#hasDomain ? text.lastIndexOf('@') : -1
    const [name, where] = at < 0 ? [text, myorigin] : [text.slice(0, at), text.slice(at + 1)]
    return `${quoteLocal(name)}@${where}`
  }
  get #hasDomain(): boolean {
    return literals(this.#template, ['recipient']).some((part) => part.includes('@'))
  }
}
