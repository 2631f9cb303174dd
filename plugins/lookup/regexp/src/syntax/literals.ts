/** What a text must contain to match, so that most patterns need not be run at all. */
import type { Node } from './tree.ts'

/** more than that in an alternation are not worth looking for */
const MAX_CHOICES = 16

interface Facts {
  /** the one text that it matches, in lower case; undefined when there are several */
  readonly exact?: string
  /** one of these is in each text that matches, in lower case; undefined when nothing is known */
  readonly needs?: readonly string[]
}

/**
 * Texts of which at least one occurs in the lower case of whatever the pattern matches; undefined when none is known.
 * Lower case is that of ASCII.
 */
export function requiredLiterals(node: Node): readonly string[] | undefined {
  return needsOf(facts(node))
}

const needsOf = (f: Facts): readonly string[] | undefined =>
  f.exact === undefined ? f.needs : f.exact === '' ? undefined : [f.exact]

function facts(node: Node): Facts {
  switch (node.type) {
    case 'byte':
      return { exact: lowerAscii(String.fromCharCode(node.byte)) }
    case 'set':
      return {}
    case 'at':
      return { exact: '' }
    case 'group':
      return facts(node.of)
    case 'repeat':
      return node.min === 0 ? {} : node.max === 1 ? facts(node.of) : { needs: needsOf(facts(node.of)) }
    case 'any':
      return ofChoices(node.of.map(facts))
    case 'all':
      return ofSequence(node.of.map(facts))
  }
}
function ofChoices(choices: readonly Facts[]): Facts {
  const needs: string[] = []
  for (const choice of choices) {
    const one = needsOf(choice)
    if (!one) return {}
    needs.push(...one)
  }
  return needs.length > MAX_CHOICES ? {} : { needs: [...new Set(needs)] }
}
function ofSequence(parts: readonly Facts[]): Facts {
  let best: readonly string[] | undefined
  let run = ''
  let exact = true
  const consider = (needs: readonly string[] | undefined) => {
    if (needs && worth(needs) > worth(best)) best = needs
  }
  for (const part of parts) {
    if (part.exact !== undefined) {
      run += part.exact
      continue
    }
    exact = false
    consider(run === '' ? undefined : [run])
    run = ''
    consider(part.needs)
  }
  if (exact) return { exact: run }
  consider(run === '' ? undefined : [run])
  return { needs: best }
}
/** The longer the shortest, the rarer. */
const worth = (needs: readonly string[] | undefined): number =>
  needs ? Math.min(...needs.map((n) => n.length)) - (needs.length - 1) / MAX_CHOICES : 0

/** Bytes above 7F have no case here. */
export const lowerAscii = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- ASCII is what is asked
  /^[\x00-\x7f]*$/.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
