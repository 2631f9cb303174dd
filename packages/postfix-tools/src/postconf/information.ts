/** What Postern itself has: types of tables, locks, the TLS library. */
import { BUNDLED } from '@postern/cli/tables'
import { Fatal } from '@postern/sendmail/queue'
import type { Say } from '../program.ts'
import type { Request } from './request.ts'

const print = (lines: readonly string[]): number => {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  return 0
}
/** Answers the exit code. */
export function inform({ mode, topic }: Request, say: Say): number {
  switch (mode) {
    case 'm':
      return print([...BUNDLED.keys()].sort())
    case 'l':
      return print(['flock', 'fcntl', 'dotlock'])
    case 'a':
    case 'A':
      return print([])
    case 'T':
      if (topic === 'compile-version' || topic === 'run-version') return print([`OpenSSL ${process.versions.openssl}`])
      say(`warning: unknown 'postconf -T' mode: ${topic}`)
      return 1
    default:
      throw new Fatal(`-${mode}: reports are not made of templates here`)
  }
}
