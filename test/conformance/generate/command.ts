/** Mail from the command line. mailq is not asked: the order of several messages there is chance in Postfix. */
import type { Action } from '../cases.ts'
import { inParts, message } from './content.ts'
import type { Pick } from './pick.ts'
import { address, sender } from './words.ts'

const FLAGS = [
  ['-i'],
  ['-oi'],
  ['-odb'],
  ['-oem'],
  ['-t'],
  ['-F', 'Full Name'],
  ['-B8BITMIME'],
  ['-N', 'never'],
  ['-N', 'success,failure'],
  ['-R', 'hdrs'],
  ['-V', 'env+2Bid'],
  ['-G'],
  ['-om'],
  ['-v'],
  ['-bv'],
  ['-x'],
] as const

export function submission(pick: Pick): Action {
  const flags = pick.some(FLAGS, 0, 3).flat()
  const from = pick.chance(0.5) ? ['-f', sender(pick)] : []
  const recipients = pick.some([0], 1, 3).map(() => address(pick))
  const run = ['sendmail', ...flags, ...from, '--', ...recipients]
  return {
    run,
    stdin: pick.chance(0.3) ? inParts(pick, 2) : message(pick),
    user: pick.one(['katie', 'rich', 'root']),
  }
}
