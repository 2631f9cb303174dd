/** Addresses in header fields. */
import { edits } from '@postern/core'
import type { Answer, DraftView, TapFn } from '@postern/core'
import { headerRewriting, rewriteFields, trivial } from '@postern/addresses'
import type { TrivialOptions } from '@postern/addresses'

/** `joe@site.example`, `Joe <joe@site.example>`: standard, told without taking it apart */
const STANDARD = /^(?:(?:[^<>,;:()"@!%\\[\]]*|"[^"\\]*"\s*)<)?[\w+=-]+(?:\.[\w+=-]+)*@[\w-]+(?:\.[\w-]+)+>?$/

/** `remote`: what is appended for clients that are not ours; `undefined`: their headers are not touched. */
export function headersTap(
  local: TrivialOptions,
  remote: TrivialOptions | undefined,
): TapFn<DraftView<'headers'>, Answer<'cleanup'>> {
  return (view) => {
    const kind = view.slots.get(headerRewriting) ?? 'local'
    const o = kind === 'local' ? local : kind === 'remote' ? remote : undefined
    if (!o) return undefined
    const out = rewriteFields(view.header.fields, ({ value }) =>
      STANDARD.test(value) ? undefined : (tokens) => trivial(tokens, o),
    )
    return out.length > 0 ? edits(out) : undefined
  }
}
