/** Text behind every refusal (Postfix's smtpd_reject_footer). */
import type { Reply } from '@postern/core'

export interface FooterFacts {
  readonly client_address: string
  readonly client_port: string
  readonly server_name: string
}
export const FOOTER_NAMES = ['client_address', 'client_port', 'localtime', 'server_name'] as const
const NAME = /\$(?:\{(\w+)\}|\((\w+)\)|(\w+))/g

/** The names in `template` that mean nothing. */
export const unknownNames = (template: string): string[] =>
  [...template.matchAll(NAME)]
    .map(([, a, b, c]) => (a ?? b ?? c)!)
    .filter((name) => !(FOOTER_NAMES as readonly string[]).includes(name))

/**
 * `reply` with the footer in lines of their own, each with the reply's code and enhanced status; `\n` in the template is a
 * line end, `\c` at its beginning goes on in the reply's last line. Replies below 400 and end-of-session ones without
 * a text are as they were.
 */
export function withFooter(reply: Reply, template: string, facts: FooterFacts): Reply {
  if (reply.code < 400 || reply.text.length === 0) return reply
  const filled = template.replace(NAME, (_, a?: string, b?: string, c?: string) => {
    const name = (a ?? b ?? c)!
    return name === 'localtime' ? localTime() : facts[name as keyof FooterFacts]
  })
  const goesOn = filled.startsWith('\\c')
  const lines = (goesOn ? filled.slice(2) : filled).split('\\n')
  const before = typeof reply.text === 'string' ? [reply.text] : [...reply.text]
  if (goesOn) before[before.length - 1] += lines.shift()!
  const { code, esc, close } = reply
  return { code, esc, close, text: [...before, ...lines] }
}
/** What a connection's refusals are given; `undefined`: nothing. */
export function footerFor(
  settings: { readonly rejectFooter: string | undefined; readonly serverName: string },
  client: { readonly remoteAddress: string; readonly remotePort: number },
): ((reply: Reply) => Reply) | undefined {
  const { rejectFooter, serverName } = settings
  if (rejectFooter === undefined) return undefined
  return (reply) =>
    withFooter(reply, rejectFooter, {
      client_address: client.remoteAddress,
      client_port: String(client.remotePort),
      server_name: serverName,
    })
}
/** `Jan 11 18:03:55` */
function localTime(): string {
  const [, month, day, , time] = new Date().toString().split(' ')
  return `${month} ${day} ${time}`
}
