import { ByteSet, classNamed } from './byte-set.ts'
import type { PosixFlags } from './posix.ts'
import type { Scanner } from './scanner.ts'
import { BadPattern } from './tree.ts'

const UNMATCHED = 'Unmatched [, [^, [:, [., or [='

/** What stands in brackets; the scanner is behind the opening one. A backslash is a plain character there. */
export function posixBracket(scanner: Scanner, flags: PosixFlags): ByteSet {
  const set = new ByteSet()
  const negate = scanner.take('^')
  for (let first = true; ; first = false) {
    if (scanner.done) throw new BadPattern(UNMATCHED)
    if (!first && scanner.take(']')) break
    // a hyphen for itself stands first or last
    if (!first && scanner.peek() === '-' && scanner.peek(1) !== ']') throw new BadPattern('Invalid range end')
    const from = element(scanner, flags)
    if (from instanceof ByteSet) {
      set.add(from)
      // a class is no start of a range
      if (scanner.peek() === '-' && scanner.peek(1) !== ']') throw new BadPattern('Invalid range end')
    } else if (scanner.peek() === '-' && scanner.peek(1) !== ']' && scanner.peek(1) !== '') {
      scanner.next()
      const to = element(scanner, flags)
      if (to instanceof ByteSet || to < from) throw new BadPattern('Invalid range end')
      set.addRange(from, to)
    } else set.addRange(from, from)
  }
  if (flags.ignoreCase) set.fold()
  if (!negate) return set
  set.negate()
  return flags.newline ? set.delete(10) : set
}

function element(scanner: Scanner, flags: PosixFlags): number | ByteSet {
  const c = scanner.next()
  if (c === '[' && /[:.=]/.test(scanner.peek())) {
    const kind = scanner.next()
    const name = scanner.until(`${kind}]`)
    if (name === undefined) throw new BadPattern(UNMATCHED)
    if (kind === ':') {
      const set = name === 'word' || name === 'ascii' ? undefined : classNamed(name, flags.ignoreCase)
      if (!set) throw new BadPattern('Invalid character class name')
      return set
    }
    if (name.length !== 1) throw new BadPattern('Invalid collation character')
    return byteOf(name, flags)
  }
  return byteOf(c, flags)
}
/** Without regard to case glibc reads the pattern in upper case, ends of ranges too: `[_-z]` is then wrong. */
function byteOf(c: string, flags: PosixFlags): number {
  const byte = c.charCodeAt(0)
  return flags.ignoreCase && byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte
}
