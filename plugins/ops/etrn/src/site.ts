/** The parameter of ETRN (RFC 1985 section 5.1): a domain; `@domain` and `#queue` are taken for domains, as by Postfix. */
import { isIP } from 'node:net'

/** As it is named in replies, and as it is looked up. `undefined`: bad syntax. */
export interface Site {
  readonly text: string
  readonly domain: string
}
export function parseSite(parameter: string): Site | undefined {
  const text = parameter.replace(/^[@#]/, '')
  return isHostname(text) || isLiteral(text) ? { text, domain: text.toLowerCase() } : undefined
}

const LABEL = /^(?!-)[a-z\d_-]{1,63}(?<!-)$/i
const isHostname = (name: string): boolean =>
  name.length <= 255 && /[^\d.]/.test(name) && name.split('.').every((label) => LABEL.test(label))

/** RFC 5321 section 4.1.3 */
function isLiteral(text: string): boolean {
  const [, v6, address] = /^\[(ipv6:)?([^\]]*)\]$/i.exec(text) ?? []
  return address !== undefined && isIP(address) === (v6 ? 6 : 4)
}
