/** Tables made, changed and asked step by step by Debian's postmap and postalias and by ours. */
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Place } from './support/place.ts'
import type { Ended } from './support/place.ts'

const TABLE = `# comment
User@Example.com  value one
b two
 continued
"q k" quoted
"esc\\" k" x
tab\tvalue\twith tabs
\xc3\xa9 accent
`
/** What has no entry, or two, or looks like something else. */
const ODD = 'dup 1\ndup 2\nnoval\nalias: x\n \nbad"unb x\n'
const ALIASES = `# c
postmaster: root
Root: me,
   you
"quoted name": x
lists: :include:/x, "|prog a, b"
`
const ODD_ALIASES = 'a: 1\nnoval:\nnocolon value\nuser@dom: z\nb: 2\n'

/** Steps one after another, each in a folder of its own for theirs and ours. */
type Step = readonly [command: 'postmap' | 'postalias', args: readonly string[], input?: string]
const SEQUENCES: Readonly<Record<string, readonly Step[]>> = {
  'create, ask, list': [
    ['postmap', ['hash:t']],
    ['postmap', ['-q', 'b', 'hash:t']],
    ['postmap', ['-q', 'User@Example.com', 't']],
    ['postmap', ['-s', 'hash:t']],
  ],
  'lines that are no entries': [
    ['postmap', ['hash:odd']],
    ['postmap', ['-q', 'dup', 'hash:odd']],
    ['postmap', ['-q', 'alias:', 'hash:odd']],
    ['postmap', ['-w', 'hash:odd']],
    ['postmap', ['-s', 'hash:odd']],
  ],
  'add, replace, delete': [
    ['postmap', ['hash:t']],
    ['postmap', ['-i', 'hash:t'], 'new 1\nB 2\n# c\nlong a\n b\n'],
    ['postmap', ['-q', 'b', 'hash:t']],
    ['postmap', ['-iw', 'hash:t'], 'b 3\n'],
    ['postmap', ['-q', 'b', 'hash:t']],
    ['postmap', ['-ir', 'hash:t'], 'b 4\n'],
    ['postmap', ['-q', '-', 'hash:t'], 'b\nnew\nlong\n'],
    ['postmap', ['-d', 'b', 'hash:t']],
    ['postmap', ['-d', 'b', 'hash:t']],
    ['postmap', ['-q', 'b', 'hash:t']],
    ['postmap', ['-d', '-', 'hash:t'], 'no\nnew\n'],
    ['postmap', ['-s', 'hash:t']],
    ['postmap', ['-i', 'hash:fresh'], 'a 1\n'],
    ['postmap', ['-q', 'a', 'hash:fresh']],
  ],
  aliases: [
    ['postalias', ['hash:al']],
    ['postalias', ['-q', 'ROOT', 'hash:al']],
    ['postalias', ['-q', 'quoted name', 'al']],
    ['postalias', ['-q', 'lists', 'al']],
    ['postalias', ['-q', '-', 'al'], 'postmaster\nno\nroot\n'],
    ['postalias', ['-i', 'al'], 'new: v, w\nroot: other\n'],
    ['postalias', ['-q', 'new', 'al']],
    ['postalias', ['-ir', 'al'], 'root: other\n'],
    ['postalias', ['-d', 'postmaster', 'al']],
    ['postalias', ['-s', 'al']],
  ],
  'aliases that are none': [
    ['postalias', ['hash:oddal']],
    ['postalias', ['-s', 'oddal']],
  ],
  'the content of files': [
    ['postmap', ['-F', 'hash:files']],
    ['postmap', ['-F', '-q', 'one', 'hash:files']],
    ['postmap', ['-Fq', 'both', 'hash:files']],
    ['postmap', ['-Fq', 'none', 'hash:files']],
    ['postmap', ['-F', '-s', 'hash:files']],
  ],
}
const FILES = {
  t: TABLE,
  odd: ODD,
  al: ALIASES,
  oddal: ODD_ALIASES,
  f1: 'first\n',
  f2: 'second',
  files: 'one f1\nboth f1, f2\nnone f3\n',
}
const why = missingPrograms('postmap', 'postalias')
const sequences = suite('one after another')
for (const [title, steps] of Object.entries(SEQUENCES))
  (why ? sequences.skip : sequences)(title, async () => {
    const [mine, their] = [await Place.make(FILES), await Place.make(FILES)]
    try {
      for (const [command, args, input] of steps) {
        const all = ['-c', 'conf', ...args]
        const [ours, theirs] = await Promise.all([mine.ours(command, all, input), their.theirs(command, all, input)])
        assert.equal(comparable(ours), comparable(theirs), `${command} ${all.join(' ')}`)
      }
    } finally {
      await mine.remove()
      await their.remove()
    }
  })
sequences.run()

/** Order is the table's own; Postfix adds entries for NIS; of a warning about a duplicate the file is another, and no line is told. */
function comparable({ code, out, err }: Ended): object {
  const lines = out.split('\n').filter((l) => !/^(YP_\w+|@):\t/.test(l))
  const words = err
    .split('\n')
    // Postfix forgot the file when it made the table
    .filter((l) => !l.startsWith('postmap: warning: open '))
    .map((l) => (/duplicate entry/.test(l) ? l.replace(/warning: .*: duplicate/, 'warning: duplicate') : l))
  return { code, out: lines.sort(), err: words.sort() }
}
