/** What a server offers in its answer to EHLO or LHLO (RFC 5321 section 4.1.1.1). */
export interface Features {
  /** how it calls itself */
  readonly name: string
  readonly pipelining: boolean
  /** RFC 1870; 0: no limit told, undefined: no SIZE */
  readonly size?: number
  readonly eightBit: boolean
  readonly utf8: boolean
  readonly dsn: boolean
  readonly startTls: boolean
}
export const NO_FEATURES: Features = Object.freeze({
  name: '',
  pipelining: false,
  eightBit: false,
  utf8: false,
  dsn: false,
  startTls: false,
})

/** of `AUTH=LOGIN` too the keyword is AUTH, as for Postfix */
const keywordOf = (line: string): string => line.split(/[\s=]/, 1)[0]!.toUpperCase()
const textOf = (line: string): string => line.slice(4).trim()

/** The reply without the keywords that are not to be heeded (`smtp_discard_ehlo_keywords`), in upper case. */
export function withoutKeywords(reply: string, discarded: ReadonlySet<string>): string {
  if (discarded.size === 0) return reply
  const [first, ...lines] = reply.split('\n')
  return [first, ...lines.filter((line) => !discarded.has(keywordOf(textOf(line))))].join('\n')
}

export function parseFeatures(reply: string): Features {
  const [first = '', ...lines] = reply.split('\n').map(textOf)
  const keywords = new Map(lines.map((line) => [keywordOf(line), line]))
  const size = keywords.get('SIZE')?.split(/[\s=]+/)[1]
  return {
    name: first.split(/[\s=]/, 1)[0]!,
    pipelining: keywords.has('PIPELINING'),
    size: keywords.has('SIZE') ? Number(size) || 0 : undefined,
    eightBit: keywords.has('8BITMIME'),
    utf8: keywords.has('SMTPUTF8'),
    dsn: keywords.has('DSN'),
    startTls: keywords.has('STARTTLS'),
  }
}
