/** Text behind every refusal (Postfix's smtpd_reject_footer). */
import type { Reply, Session } from '@postern/core'
import { expand } from '@postern/postfix-config/expand'
import type { Transaction } from './transaction.ts'

/** What `$name` stands for; `undefined`: nobody knows the name, and nothing is put in. */
export type FooterFacts = (name: string) => string | undefined

/**
 * `reply` with the footer in lines of their own, each with the reply's code and enhanced status; `\n` in the template is a
 * line end, `\c` at its beginning goes on in the reply's last line. Names and conditions are filled in as everywhere in
 * Postfix (postconf(5)). Replies below 400 are as they were. Throws what `expand` does.
 */
export function withFooter(reply: Reply, template: string, facts: FooterFacts): Reply {
  if (reply.code < 400 || reply.text.length === 0) return reply
  const goesOn = template.startsWith('\\c')
  const filled = expand(goesOn ? template.slice(2) : template, (name) => {
    const text = facts(name)
    return text === undefined ? undefined : { text, final: true }
  })
  const before = typeof reply.text === 'string' ? [reply.text] : [...reply.text]
  const lines = filled.split('\\n')
  if (goesOn) before[before.length - 1] += lines.shift()!
  const { code, esc, close } = reply
  return { code, esc, close, text: [...before, ...lines] }
}
/** Does the template say something that can be filled in? Why not, as a sentence. */
export function footerProblem(template: string): string | undefined {
  try {
    expand(template, () => undefined)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** What a connection's refusals are given; `undefined`: nothing. `session`: there from the greeting on. */
export function footerFor(
  settings: { readonly rejectFooter: string | undefined; readonly serverName: string },
  client: {
    readonly remoteAddress: string
    readonly remotePort: number
    readonly transaction: Transaction | undefined
  },
  session: () => Session | undefined,
): ((reply: Reply) => Reply) | undefined {
  const { rejectFooter, serverName } = settings
  if (rejectFooter === undefined) return undefined
  const facts = (name: string): string | undefined => {
    const view = session()?.view
    switch (name) {
      case 'client':
        return `${view?.client.name ?? 'unknown'}[${client.remoteAddress}]`
      case 'client_address':
        return client.remoteAddress
      case 'client_name':
        return view?.client.name ?? 'unknown'
      case 'client_port':
        return String(client.remotePort)
      case 'reverse_client_name':
        return view?.client.reverseName ?? 'unknown'
      case 'helo_name':
        return view?.helo?.name ?? ''
      case 'localtime':
        return localTime()
      case 'server_name':
        return serverName
      default:
        return ofSender(name, client.transaction?.sender)
    }
  }
  return (reply) => {
    try {
      return withFooter(reply, rejectFooter, facts)
    } catch {
      // told at the start
      return reply
    }
  }
}
/** From an accepted MAIL on; the null sender is `<>`. */
function ofSender(name: string, sender: string | undefined): string | undefined {
  const at = sender?.lastIndexOf('@') ?? -1
  if (name === 'sender') return sender === '' ? '<>' : sender
  if (name === 'sender_name') return sender === '' ? '<>' : at < 0 ? sender : sender!.slice(0, at)
  if (name === 'sender_domain') return at < 0 ? '' : sender!.slice(at + 1)
  return undefined
}
/** `Jan 11 18:03:55` */
function localTime(): string {
  const [, month, day, , time] = new Date().toString().split(' ')
  return `${month} ${day} ${time}`
}
