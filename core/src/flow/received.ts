/** The Received field (RFC 5321 section 4.4), in the shape that Postfix writes. */
import type { SessionView } from '../contract/views.ts'
import type { Site } from '../contract/plugin.ts'
import { rfc5322Date } from './date.ts'

export interface Hop {
  readonly site: Pick<Site, 'myhostname' | 'mailName'>
  readonly id: string
  readonly at: number
  readonly session?: SessionView
  readonly smtputf8?: boolean
  /** named only when there is one, so that no recipient learns of another */
  readonly recipient?: string
}
export function received(hop: Hop): string {
  const s = hop.session
  const by = `by ${s?.server.name ?? hop.site.myhostname} (${hop.site.mailName})`
  const date = rfc5322Date(hop.at)
  if (!s) return `Received: ${by}\r\n\tid ${hop.id}; ${date}\r\n`
  // whatever a listener let through, a field of somebody's choosing must not begin here
  const from = (s.helo?.name ?? s.client.name).replace(/[\x00-\x1f\x7f]/g, '?') // eslint-disable-line no-control-regex
  const address = s.client.address.includes(':') ? `IPv6:${s.client.address}` : s.client.address
  const end = hop.recipient === undefined ? `;\r\n\t${date}` : `\r\n\tfor <${hop.recipient}>; ${date}`
  return `Received: from ${from} (${s.client.name} [${address}])\r\n\t${by} with ${protocol(s, hop.smtputf8)} id ${hop.id}${end}\r\n`
}
/** RFC 3848 and RFC 6531 section 4.3. */
export function protocol(s: SessionView, utf8?: boolean): string {
  if (s.protocol === 'smtp' && s.helo?.verb !== 'EHLO') return utf8 ? 'UTF8SMTP' : 'SMTP'
  const base = s.protocol === 'lmtp' ? 'LMTP' : utf8 ? 'SMTP' : 'ESMTP'
  return `${utf8 ? 'UTF8' : ''}${base}${s.tls ? 'S' : ''}${s.auth ? 'A' : ''}`
}
