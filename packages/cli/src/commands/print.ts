/** What commands print. */
import { Gathered } from '../control/lines.ts'

export const print = (lines: readonly string[]): void => void process.stdout.write(lines.join('\n') + '\n')
export const printJson = (value: unknown): void => void process.stdout.write(JSON.stringify(value, null, 2) + '\n')
/** For many lines, as fast as the reader takes them. */
export const printer = (): Gathered => new Gathered(process.stdout)
export const warn = (lines: readonly string[]): void =>
  void process.stderr.write(lines.map((l) => `postern: ${l}\n`).join(''))
