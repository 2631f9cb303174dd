/** A log file of the plugin, applied alone. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import type { LogSink } from '@postern/core'
import syslog from '@postern/ops-syslog'
import { fakeClock, sessionView, tap } from '@postern/testkit'
import type { SessionSpec, Tapped } from '@postern/testkit'

export type Options = NonNullable<Parameters<typeof syslog>[0]>
export const folder = mkdtempSync(join(tmpdir(), 'postern-syslog-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
let n = 0
export const newFile = (): string => join(folder, `maillog${n++}`)

export interface Written {
  readonly t: Tapped
  readonly sink: LogSink
  readonly clock: ReturnType<typeof fakeClock>
}
/** Runs `use` and gives the lines without time, host and what `tags` hides: `smtpd: connect from ...`. */
export async function lines(options: Options, use: (w: Written) => unknown): Promise<string[]> {
  return (await raw(options, use)).map((line) =>
    line.replace(/^\w{3} [ \d]\d \d\d:\d\d:\d\d mail postfix\/(\S+)\[\d+\]: /, '$1: '),
  )
}
export async function raw(options: Options, use: (w: Written) => unknown): Promise<string[]> {
  const maillogFile = newFile()
  const clock = fakeClock()
  const t = tap(syslog, { maillogFile, maillogFilePrefixes: [folder], ...options }, { clock })
  await t.start()
  await use({ t, sink: t.provided('logSink') as LogSink, clock })
  await t.stop()
  return readFileSync(maillogFile, 'utf8').split('\n').slice(0, -1)
}
let sessions = 0
export const session = (spec: SessionSpec = {}) => sessionView({ id: `s${++sessions}`, ...spec })
