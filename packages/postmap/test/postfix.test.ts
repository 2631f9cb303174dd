/** The same arguments to Debian's postmap and postalias and to ours: the same output, exit code, and mostly the same words. */
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
latin \xe9
utf8 \xc3\xa9
\xc3\xa9 accent
`
type Extent = 'words' | 'no words'
type Case = readonly [title: string, args: readonly string[], extent: Extent, input?: string]
const WORDS = 'words'
const OUT = 'no words'

const POSTMAP: readonly Case[] = [
  ['found', ['-q', 'user@example.com', 'texthash:t'], OUT],
  ['a value with its continuation', ['-q', 'B', 'texthash:t'], OUT],
  ['a key in quotes, as it stands in the text', ['-q', '"q k"', 'texthash:t'], OUT],
  ['the same without', ['-q', 'q k', 'texthash:t'], OUT],
  ['absent', ['-q', 'nobody', 'texthash:t'], OUT],
  ['UTF-8', ['-q', '\u00e9', 'texthash:t'], OUT],
  ['a value that is no UTF-8', ['-q', 'latin', 'texthash:t'], OUT],
  ['the first table that has it', ['-q', 'b', 'inline:{a=1}', 'texthash:t', 'static:x'], OUT],
  ['tables behind it are not opened', ['-q', 'b', 'texthash:t', 'nonsense:x'], OUT],
  ['inline', ['-q', 'X', 'inline:{ {x = a b}, {y = 2} }'], WORDS],
  ['inline, absent', ['-q', 'z', 'inline:{x=1}'], WORDS],
  ['inline, bad syntax', ['-q', 'z', 'inline:{x=1'], OUT],
  ['static', ['-q', 'anything', 'static:{a b}'], WORDS],
  ['no name', ['-q', 'x', 'static:'], WORDS],
  ['an unknown type', ['-q', 'x', 'nonsense:x'], WORDS],
  ['no file', ['-q', 'x', 'texthash:none'], OUT],
  ['without a type: the default one, which has no file', ['-q', 'x', 'none'], OUT],
  ['values with the key', ['-q', '-', 'texthash:t'], OUT, 'b\nno\nUSER@example.com\n\ntab\n'],
  ['a carriage return belongs to the key', ['-q', '-', 'texthash:t'], OUT, 'b\r\nb'],
  ['keys that are no UTF-8', ['-q', '-', 'inline:{x=1}', 'static:y'], WORDS, '\xe9\nx\n'],
  ['none of the keys', ['-q', '-', 'texthash:t'], OUT, 'no\nnone\n'],
  ['no keys: nothing is opened', ['-q', '-', 'nonsense:x'], WORDS, ''],
  ['keys in several tables', ['-q', '-', 'inline:{b=0}', 'texthash:t'], OUT, 'b\ntab\nno\n'],
  ['all entries that an inline table has', ['-s', 'static:x'], WORDS],
  ['-m alone is passed over', ['-m', '-q', '-', 'inline:{x=1}'], WORDS, 'x\n'],
  ['flags together, value attached', ['-fuqx', 'static:y'], WORDS],
  ['options end at --', ['-q', 'x', '--', 'static:y'], WORDS],
  ['options end at a name', ['static:y', '-q', 'x'], WORDS],
  ['-N -n -o -p -u -U -r -w mean nothing to a query', ['-NnopuUrw', '-q', 'x', 'static:y'], WORDS],
  ['nothing', [], WORDS],
  ['an unknown flag', ['-Z', 't'], WORDS],
  ['a flag without its value', ['-q'], WORDS],
  ['no table', ['-q', 'x'], WORDS],
  ['no table for standard input', ['-q', '-'], WORDS],
  ['-q and -d', ['-q', 'x', '-d', 'y', 'hash:t'], WORDS],
  ['-q twice', ['-q', 'x', '-q', 'y', 'hash:t'], WORDS],
  ['-s and -q', ['-s', '-q', 'y', 'hash:t'], WORDS],
  ['-d and -s', ['-d', 'y', '-s', 'hash:t'], WORDS],
  ['-h without -q -', ['-h', '-q', 'x', 'hash:t'], WORDS],
  ['-b when creating', ['-b', 'hash:t'], WORDS],
  ['-m with -s', ['-m', '-s', 'hash:t'], WORDS],
  ['create: no file', ['hash:none'], WORDS],
  ['create: no name', ['hash:'], WORDS],
  ['create: an empty word', [''], WORDS],
  ['create: a type that is not built', ['static:t'], WORDS],
  ['create: the file is missed before the type', ['static:none'], WORDS],
  ['create: by the proxy', ['proxy:hash:t'], WORDS],
  ['create: an unknown type', ['nonsense:t'], OUT],
  ['add to a type that cannot be changed', ['-i', 'static:t'], WORDS, 'a b\n'],
  ['delete from a type that cannot be changed', ['-d', 'x', 'inline:{a=b}'], WORDS],
  ['a header field is a key with its lines', ['-h', '-q', '-', 'static:V'], WORDS, 'Subject: a\n b\nX-Y : z\n\nbody\n'],
]
const POSTALIAS: readonly Case[] = [
  ['nothing', [], WORDS],
  ['-h is not a flag of it', ['-h', 'x'], WORDS],
  ['-F is not a flag of it', ['-F', 'x'], WORDS],
  ['-m is not a flag of it', ['-m', 'x'], WORDS],
  ['no file', ['none'], WORDS],
  ['query', ['-q', 'x', 'inline:{x=1}'], WORDS],
  ['keys of standard input', ['-q', '-', 'inline:{x=1}'], WORDS, 'x\ny\n'],
  ['the text of another type has the format of tables', ['-q', 'b', 'texthash:t'], OUT],
]

const why = missingPrograms('postmap', 'postalias')
for (const [command, cases] of [
  ['postmap', POSTMAP],
  ['postalias', POSTALIAS],
] as const) {
  const test = suite(command)
  const seen = new Map<string, { readonly ours: Ended; readonly theirs: Ended }>()
  test.before(async () => {
    const place = await Place.make({ t: TABLE })
    const open = [...cases]
    const runner = async () => {
      for (let next = open.shift(); next; next = open.shift()) {
        const [title, args, , input] = next
        const all = ['-c', 'conf', ...args]
        const [ours, theirs] = await Promise.all([place.ours(command, all, input), place.theirs(command, all, input)])
        seen.set(title, { ours, theirs })
      }
    }
    if (!why) await Promise.all([runner(), runner(), runner()])
    await place.remove()
  })
  for (const [title, args, extent] of cases)
    (why ? test.skip : test)(title, () => {
      const { ours, theirs } = seen.get(title)!
      const known = (ended: Ended) => (extent === WORDS ? ended : { ...ended, err: '' })
      assert.equal(known(ours), known(theirs), `${command} ${args.join(' ')}`)
      // whoever ends with an error and no output says why
      assert.is(ours.err === '', theirs.err === '', `${ours.err}\n${theirs.err}`)
    })
  test.run()
}
