/** The lines that delivery puts above a message, and what it reads there. */
import { addressOf } from '@postern/core'
import type { JobRecipient, Site } from '@postern/core'
import type { Target } from './recipient.ts'

/** A quoted local part may hold line ends; in a header they would begin a new field. */
// eslint-disable-next-line no-control-regex
const oneLine = (text: string): string => text.replace(/[\x00\r\n]/g, '?')

type Originals = Pick<Site, 'enableOriginalRecipient'>

/** In Postfix's order. Return-Path is RFC 5321 section 4.4; the null sender is `<>`. */
export function prependedLines(sender: string, recipient: JobRecipient, target: Target, site: Originals): Buffer {
  const original =
    recipient.original === '' || !site.enableOriginalRecipient ? '' : `X-Original-To: ${written(recipient.original)}\n`
  const from = addressOf(sender).text
  const [first, second] = [`Return-Path: <${oneLine(from)}>\n`, `Delivered-To: ${oneLine(target.text)}\n`]
  return Buffer.from(first + (original && `${oneLine(original.slice(0, -1))}\n`) + second)
}

/** Mail that went in circles has one of these for each round; more need not be read. */
const MAX_DELIVERED = 1000

/** The addresses in `Delivered-To:`, in lower case. A message that has this recipient already was here before. */
export function deliveredTo(header: Uint8Array): ReadonlySet<string> {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('utf8')
  const seen = new Set<string>()
  for (const m of text.matchAll(/(?:^|\n)delivered-to:[ \t]*([^\r\n]*)/gi)) {
    seen.add(m[1]!.trimEnd().toLowerCase())
    if (seen.size >= MAX_DELIVERED) break
  }
  return seen
}
/** With the quotes that it needs; a source route stays. */
const written = (original: string): string => (original.startsWith('@') ? original : addressOf(original).text)
