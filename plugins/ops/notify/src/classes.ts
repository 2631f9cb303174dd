/** Postfix's classes of errors (notify_classes), by the reply that the client was given and by who refused. */
import type { Reply } from '@postern/core'

export const CLASSES = ['bounce', 'data', 'policy', 'protocol', 'resource', 'software'] as const
export type ErrorClass = (typeof CLASSES)[number]

interface Said {
  /** verb, upper case */
  readonly verb: string
  readonly code: number
  /** empty where the reply has none */
  readonly esc: string
  readonly text: string
  readonly from: Source
}
/** Who said a reply: a plugin that knows which addresses exist and where they lead, another one, or the core. */
export type Source = 'knows' | 'plugin' | 'core'
const content = ({ verb }: Said) => verb === 'DATA' || verb === 'BDAT'

/** The first that fits counts; `undefined`: nobody's business. */
const RULES: readonly (readonly [(r: Said) => boolean, ErrorClass | undefined])[] = [
  // who is unknown, has moved, or whose way is an error, whatever a table says of them; not a table that is away
  [({ from, code, esc }) => from === 'knows' && !(code === 451 && esc === '4.3.0'), 'bounce'],
  // many honest clients meet these: too many recipients, a timeout, a stop
  [(r) => r.esc === '4.5.3' || r.esc === '4.4.2' || (r.esc === '4.3.2' && r.from === 'core'), undefined],
  [(r) => r.verb === 'AUTH' && (r.code === 535 || r.code === 454), undefined],
  [(r) => r.code === 451 && /temporary lookup failure/i.test(r.text), 'data'],
  [(r) => r.esc === '4.3.1' || (r.esc === '4.3.0' && /write error/.test(r.text)), 'resource'],
  [(r) => r.esc === '4.3.0', 'software'],
  [(r) => /^[45]\.1\.1$/.test(r.esc) || (/^[45]\.1\.0$/.test(r.esc) && /user unknown/i.test(r.text)), 'bounce'],
  [(r) => content(r) && (r.code === 552 || /^5\.4\./.test(r.esc)), 'bounce'],
  [(r) => r.code === 421 && /too many errors/.test(r.text), 'protocol'],
  [(r) => /^5\.5\./.test(r.esc), 'protocol'],
  [(r) => ((r.code >= 500 && r.code <= 504) || r.code === 555) && !/^5\.7\./.test(r.esc), 'protocol'],
]
export function classOf(verb: string, { code, esc = '', text }: Reply, from: Source): ErrorClass | undefined {
  if (code < 400) return undefined
  const said = { verb, code, esc, text: typeof text === 'string' ? text : text.join(' '), from }
  const rule = RULES.find(([fits]) => fits(said))
  return rule ? rule[1] : 'policy'
}
