/**
 * The engines: re2 (the library in C++, a peer that may be there) and re2js (JavaScript). Both search in time that grows
 * with the text and not with the number of ways to match it; an engine that backtracks is never used.
 */
import { RE2JS } from 're2js'

export interface Pattern {
  test(text: string): boolean
  /** the groups from 1 on, undefined where one took no part; undefined when nothing matches */
  groups(text: string): readonly (string | undefined)[] | undefined
}
export interface Engine {
  readonly name: 're2' | 're2js'
  /** `longest`: of several matches the leftmost and longest, as POSIX wants; else the leftmost and first, as Perl. Throws. */
  compile(pattern: string, longest: boolean): Pattern
}
export type EngineChoice = 'auto' | 're2' | 're2js'

export const re2js: Engine = {
  name: 're2js',
  compile(pattern, longest) {
    const compiled = RE2JS.compile(pattern, longest ? RE2JS.LONGEST_MATCH : 0)
    return {
      test: (text) => compiled.test(text),
      groups(text) {
        const matcher = compiled.matcher(text)
        if (!matcher.find()) return undefined
        return Array.from({ length: matcher.groupCount() }, (_, i) => matcher.group(i + 1) ?? undefined)
      },
    }
  },
}

/** What is used of re2. */
interface Native {
  new (pattern: string): {
    test(text: string): boolean
    exec(text: string): readonly (string | undefined)[] | null
  }
}

function native(RE2: Native): Engine {
  return {
    name: 're2',
    compile(pattern, longest) {
      const compiled = new RE2(pattern)
      // re2 for Node cannot be told to prefer the longest; whether something matches is the same for both
      let slow: Pattern | undefined
      return {
        test: (text) => compiled.test(text),
        groups(text) {
          if (longest) return (slow ??= re2js.compile(pattern, true)).groups(text)
          return compiled.exec(text)?.slice(1)
        },
      }
    },
  }
}

let loading: Promise<Engine | undefined> | undefined
/** re2, when it is installed and fits this Node; tried once in the life of the process. */
const loadRe2 = (): Promise<Engine | undefined> =>
  (loading ??= import(RE2_PACKAGE).then(
    (module: { default: Native }) => native(module.default),
    () => undefined,
  ))
/** not written out in the import: it need not be there when types are checked */
const RE2_PACKAGE: string = 're2'

/** `auto` takes re2 where it is and re2js elsewhere. Undefined when re2 was asked for and cannot be loaded. */
export async function chooseEngine(choice: EngineChoice): Promise<Engine | undefined> {
  if (choice === 're2js') return re2js
  const fast = await loadRe2()
  return fast ?? (choice === 'auto' ? re2js : undefined)
}
