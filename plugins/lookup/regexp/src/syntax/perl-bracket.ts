import { ByteSet, classNamed } from './byte-set.ts'
import { TYPE_LETTERS, characterEscape, typeSet } from './perl-escape.ts'
import type { Scanner } from './scanner.ts'
import { BadPattern } from './tree.ts'

/** What stands in brackets; the scanner is behind the opening one. */
export function perlBracket(scanner: Scanner, flags: { readonly ignoreCase: boolean }): ByteSet {
  const bad = (what: string, at = scanner.at): never => {
    throw new BadPattern(`error in regex at offset ${at}: ${what}`)
  }
  const alone = scanner.match(/([:.=])(?:\\[\]\\]|(?!\[\1|\1\])[^\]])*\1\]/y)?.[1]
  if (alone === ':') bad('POSIX named classes are supported only within a class')
  if (alone !== undefined) bad('POSIX collating elements are not supported')
  const set = new ByteSet()
  const negate = scanner.take('^')
  let first = true
  let quoted = false
  const element = (): number | ByteSet => {
    if (!quoted && scanner.take('\\')) {
      const letter = scanner.peek()
      if (letter !== '' && TYPE_LETTERS.includes(letter)) return typeSet(scanner.next())
      if (scanner.take('b')) return 8
      if (/[BRX]/.test(letter)) bad('escape sequence is invalid in character class')
      if (letter === 'N') bad('\\N is not supported in a class')
      return characterEscape(scanner, true)
    }
    const posix = quoted ? undefined : scanner.match(/\[([:.=])((?:\\[\]\\]|(?!\[\1|\1\])[^\]])*)\1\]/y)
    if (posix) {
      const [, kind, name = ''] = posix
      if (kind !== ':') bad('POSIX collating elements are not supported')
      const not = name.startsWith('^')
      const named =
        classNamed(not ? name.slice(1) : name, flags.ignoreCase) ??
        bad('unknown POSIX class name', scanner.at - name.length - 2)
      return not ? named.negate() : named
    }
    return scanner.next().charCodeAt(0)
  }
  /** \Q and \E are no members */
  const quotes = () => {
    for (;;) {
      if (quoted && scanner.take('\\E')) quoted = false
      else if (!quoted && scanner.take('\\Q')) quoted = true
      else if (!quoted && scanner.take('\\E')) continue
      else return
    }
  }
  for (; ; first = false) {
    quotes()
    if (scanner.done) bad('missing terminating ] for character class')
    if (!first && !quoted && scanner.take(']')) break
    const from = element()
    quotes()
    const ranged = !quoted && scanner.peek() === '-' && scanner.peek(1) !== ']' && scanner.peek(1) !== ''
    if (!ranged) {
      set.add(typeof from === 'number' ? ByteSet.of([from, from]) : from)
      continue
    }
    if (typeof from !== 'number') bad('invalid range in character class')
    scanner.next()
    quotes()
    const to = element()
    if (typeof to !== 'number') bad('invalid range in character class')
    if ((to as number) < (from as number)) bad('range out of order in character class', scanner.at - 1)
    set.addRange(from as number, to as number)
  }
  if (flags.ignoreCase) set.fold()
  return negate ? set.negate() : set
}
