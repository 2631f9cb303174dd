/** How a program ended, as an outcome: exit codes of sysexits.h with Postfix's codes and texts. */
import { constants } from 'node:os'
import type { PermanentCode, TemporaryCode, UserOutcome } from '@postern/core'

type Code = PermanentCode | TemporaryCode
const EXITS: Readonly<Record<number, readonly [Code, string]>> = {
  64: ['5.3.0', 'command line usage error'],
  65: ['5.6.0', 'data format error'],
  66: ['5.3.0', 'cannot open input'],
  67: ['5.1.1', 'user unknown'],
  68: ['5.1.2', 'host name unknown'],
  69: ['5.3.0', 'service unavailable'],
  70: ['5.3.0', 'internal software error'],
  71: ['4.3.0', 'system resource problem'],
  72: ['5.3.0', 'critical OS file missing'],
  73: ['5.2.0', "can't create user output file"],
  74: ['5.3.0', 'input/output error'],
  75: ['4.3.0', 'temporary failure'],
  76: ['5.5.0', 'remote error in protocol'],
  77: ['5.7.0', 'permission denied'],
  78: ['5.3.5', 'local configuration error'],
}
export interface ProgramEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** the time was over, and it was killed */
  readonly late: boolean
  /** the beginning of what it said */
  readonly output: string
}
export function outcomeOf(argv: readonly string[], end: ProgramEnd): UserOutcome {
  const { code, signal, late } = end
  const output = end.output.trim()
  const command = argv.join(' ')
  const said = output === '' ? '' : `. Command output: ${oneLine(output)}`
  const ended = (esc: Code, text: string): UserOutcome => ({ ...withKind(esc), text, output })
  // Postfix returns such mail as 5.3.0; here a program that hangs is a fault, and faults defer
  if (late) return ended('4.3.0', `Command time limit exceeded: "${command}"${said}`)
  if (signal) return ended('4.3.0', `Command died with signal ${constants.signals[signal]}: "${command}"${said}`)
  if (code === 0) return { kind: 'delivered', esc: '2.0.0', text: `delivered to command: ${command}`, output }
  // Postfix defers too when it cannot run the program
  if (code !== null && code >= 125 && /^(\/\S*\/)?(env|setpriv): /.test(output))
    return ended('4.3.0', `temporary failure. Command output: ${oneLine(output)}`)
  // what the program says itself goes before its exit code (pipe(8), DIAGNOSTICS)
  const own = /^([45]\.\d{1,3}\.\d{1,3})(?:\s+|$)/.exec(output)
  if (own) return ended(own[1] as Code, oneLine(output.slice(own[0].length)) || 'no reason given')
  const [esc, text] = EXITS[code ?? -1] ?? ['5.3.0', `Command died with status ${code}: "${command}"`]
  return ended(esc, text + said)
}
const withKind = (esc: Code) =>
  esc.startsWith('4')
    ? ({ kind: 'deferred', esc: esc as TemporaryCode } as const)
    : ({ kind: 'failed', esc: esc as PermanentCode } as const)

/** It stands in replies and reports. */
// eslint-disable-next-line no-control-regex
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\x00-\x1f\x7f]/g, '?')
