/** Command lines that need no mail system, to Debian's programs and to ours: the same words and exit codes. */
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ask } from './support/folder.ts'
import type { Ended } from './support/folder.ts'

const FILES = {
  'main.cf':
    'compatibility_level = 3.6\nmaillog_file = /dev/null\nmaillog_file_prefixes = /dev\nfast_flush_domains = dial.example\n',
  'master.cf': '',
}
const CASES: Readonly<Record<string, readonly string[]>> = {
  postqueue: [
    '',
    '-p -f',
    '-f -i A',
    '-p extra',
    '-j -s x',
    '-i',
    '-c',
    '-x',
    '-q',
    '-c /nonexistent -p',
    '-s @a',
    '-i a/b',
  ],
  postsuper: ['-c conf', '-x', '-d', '-d ALL foo', 'foo', '-c /nonexistent -d ALL', '-c'],
  postcat: ['-Z', '-c', '-c /nonexistent -q A', '-q'],
  postlog: ['-Z', '-p', '-p bogus hello'],
  postfix: ['-Z status', 'bogus', 'status extra', ''],
}
/** Postfix only logs why these end; here it is said on standard error too. */
const SILENT = /^post(?:log|fix)$/

for (const [program, cases] of Object.entries(CASES)) {
  const why = missingPrograms(program)
  const test = suite(program)
  for (const text of cases)
    (why ? test.skip : test)(text || '(nothing)', async () => {
      const args = [...(text.includes('-c') ? [] : ['-c', '@/conf']), ...text.split(' ').filter(Boolean)]
      const [ours, theirs] = [await ask(program, args, FILES, true), await ask(program, args, FILES, false)]
      const told = ({ code, out, err }: Ended) => ({ code, out, err: SILENT.test(program) ? err.slice(-1) : err })
      if (SILENT.test(program)) assert.equal([ours.code, ours.out], [theirs.code, theirs.out])
      else assert.equal(told(ours), told(theirs))
    })
  test.run()
}
