/** Text behind every refusal (Postfix's smtpd_reject_footer). */
import type { Reply, Session } from '@postern/core'

export type FooterName =
  'client' | 'client_address' | 'client_name' | 'client_port' | 'helo_name' | 'localtime' | 'server_name'
export type FooterFacts = Readonly<Partial<Record<FooterName, string>>>
const NAME = /\$(?:\{(\w+)\}|\((\w+)\)|(\w+))/g

/**
 * `reply` with the footer in lines of their own, each with the reply's code and enhanced status; `\n` in the template is a
 * line end, `\c` at its beginning goes on in the reply's last line; a name that means nothing here is empty. Replies below
 * 400 are as they were.
 */
export function withFooter(reply: Reply, template: string, facts: FooterFacts): Reply {
  if (reply.code < 400 || reply.text.length === 0) return reply
  const filled = template.replace(NAME, (_, a?: string, b?: string, c?: string) => {
    const name = (a ?? b ?? c)!
    return name === 'localtime' ? localTime() : (facts[name as FooterName] ?? '')
  })
  const goesOn = filled.startsWith('\\c')
  const lines = (goesOn ? filled.slice(2) : filled).split('\\n')
  const before = typeof reply.text === 'string' ? [reply.text] : [...reply.text]
  if (goesOn) before[before.length - 1] += lines.shift()!
  const { code, esc, close } = reply
  return { code, esc, close, text: [...before, ...lines] }
}
/** What a connection's refusals are given; `undefined`: nothing. `session`: there from the greeting on. */
export function footerFor(
  settings: { readonly rejectFooter: string | undefined; readonly serverName: string },
  client: { readonly remoteAddress: string; readonly remotePort: number },
  session: () => Session | undefined,
): ((reply: Reply) => Reply) | undefined {
  const { rejectFooter, serverName } = settings
  if (rejectFooter === undefined) return undefined
  return (reply) => {
    const view = session()?.view
    const name = view?.client.name ?? 'unknown'
    return withFooter(reply, rejectFooter, {
      client: `${name}[${client.remoteAddress}]`,
      client_address: client.remoteAddress,
      client_name: name,
      client_port: String(client.remotePort),
      helo_name: view?.helo?.name ?? '',
      server_name: serverName,
    })
  }
}
/** `Jan 11 18:03:55` */
function localTime(): string {
  const [, month, day, , time] = new Date().toString().split(' ')
  return `${month} ${day} ${time}`
}
