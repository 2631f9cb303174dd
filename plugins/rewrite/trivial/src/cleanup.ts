/** Addresses in header fields; and a sender who is nobody. */
import { edits, envelope } from '@postern/core'
import type { Answer, DraftView, EnvelopeEdit, HeaderEdit, TapFn } from '@postern/core'
import { headerRewriting, rewriteFields, trivial } from '@postern/addresses'
import type { HeaderRewriting, TrivialOptions } from '@postern/addresses'

const ADDRESS = String.raw`[\w+=-]+(?:\.[\w+=-]+)*@[\w-]+(?:\.[\w-]+)+`
const MEMBER = String.raw`(?:${ADDRESS}|(?:[^<>,;:()"@!%\\[\]]*|"[^"\\]*"\s*)<${ADDRESS}>)`
/** `joe@site.example, Joe <joe@site.example>`: standard, told without taking it apart */
const STANDARD = new RegExp(String.raw`^${MEMBER}(?:\s*,\s*${MEMBER})*$`)

/**
 * `remote`: what is appended for clients that are not ours; `undefined`: their headers are not touched. `nobody`: the sender that
 * stands for the null sender, in lower case. `say`: how mail of a gateway (sendmail -G) is treated, for who comes behind.
 */
export function cleanupTap(
  local: TrivialOptions,
  remote: TrivialOptions | undefined,
  { nobody, say }: { nobody: string; say: (view: DraftView, kind: HeaderRewriting) => void },
): TapFn<DraftView<'headers'>, Answer<'cleanup'>> {
  return (view) => {
    const out: (EnvelopeEdit | HeaderEdit)[] = view.sender.toLowerCase() === nobody ? [envelope.setSender('')] : []
    const said = view.slots.get(headerRewriting) ?? 'local'
    const kind = said === 'gateway' ? (remote ? 'remote' : 'none') : said
    if (kind !== said) say(view, kind)
    const o = kind === 'local' ? local : kind === 'remote' ? remote : undefined
    if (o) out.push(...fieldsOf(view, o))
    return out.length > 0 ? edits(out) : undefined
  }
}
function fieldsOf(view: DraftView<'headers'>, o: TrivialOptions): HeaderEdit[] {
  return rewriteFields(view.header.fields, ({ value }) =>
    STANDARD.test(value) ? undefined : (tokens) => trivial(tokens, o),
  )
}
