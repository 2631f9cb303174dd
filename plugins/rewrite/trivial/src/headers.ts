/** Addresses in header fields. */
import { edits, header } from '@postern/core'
import type { Answer, HeaderEdit, TapFn } from '@postern/core'
import type { DraftView } from '@postern/core'
import { headerRewriting, isAddressField, rewriteList, trivial } from '@postern/addresses'
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
    const out: HeaderEdit[] = []
    const seen = new Map<string, number>()
    for (const { name, value } of view.header.fields) {
      const key = name.toLowerCase()
      if (!isAddressField(key)) continue
      const index = seen.get(key) ?? 0
      seen.set(key, index + 1)
      if (STANDARD.test(value)) continue
      const next = rewriteList(name, value, (tokens) => trivial(tokens, o))
      if (next !== undefined) out.push(header.replace(name, next, index))
    }
    return out.length > 0 ? edits(out) : undefined
  }
}
