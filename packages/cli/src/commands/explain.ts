/** `postern explain` */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import type { Scenario } from '@postern/core'
import { CommandError, EX } from '../exit.ts'
import { reportLines } from '../explain/report.ts'
import type { SourceOptions } from '../program/options.ts'
import { sourceFor } from '../source.ts'
import { paintFor, terminalWidth } from '../text/paint.ts'
import { print, printJson } from './print.ts'

export interface ExplainOptions extends SourceOptions {
  readonly client: string
  readonly clientName?: string
  readonly helo?: string
  readonly from: string
  readonly to: readonly string[]
  readonly message?: string
  readonly user?: string
  readonly listener?: string
  readonly verbose?: boolean
}

export async function explain(o: ExplainOptions): Promise<void> {
  const scenario = await scenarioOf(o)
  const source = await sourceFor(o)
  const report = await source.explain(scenario)
  if (o.json) return printJson(report)
  const { sender, recipients } = scenario
  const client = `${o.clientName ?? ''}[${o.client}]`
  const title: [string, string] = [
    `A message from <${sender}> to ${recipients.map((r) => `<${r}>`).join(', ')}, brought by ${client}`,
    `${report.listener ? `listener ${report.listener} of ` : ''}${source.name}`,
  ]
  print(
    reportLines(report, title, {
      width: Math.min(terminalWidth(), 120),
      paint: paintFor(process.stdout),
      verbose: o.verbose === true,
    }),
  )
}

async function scenarioOf(o: ExplainOptions): Promise<Scenario> {
  return {
    client: o.client,
    clientName: o.clientName,
    helo: o.helo,
    sender: bare(o.from),
    recipients: o.to.map(bare),
    message: o.message === undefined ? undefined : await messageOf(o.message),
    user: o.user,
    listener: o.listener,
  }
}
const bare = (address: string): string => address.trim().replace(/^<(.*)>$/, '$1')

/** The bytes as text of one byte a character would not survive JSON: what is not UTF-8 is refused. */
async function messageOf(file: string): Promise<string> {
  const bytes = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch((error: Error) => {
    throw new CommandError(EX.NOINPUT, `--message: ${error.message}`)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CommandError(EX.NOINPUT, `--message: ${file} is not UTF-8`)
  }
}
