/** The report of `postern explain` as lines. */
import type { ExplainReport, ExplainRoute, ExplainStep } from '@postern/core'
import { Page } from './page.ts'
import type { PageOptions } from './page.ts'
import { tapsOf } from './taps.ts'
import { isRcpt, verdictLine, whoRefused } from './verdict.ts'
import { waysOf } from './ways.ts'
import { replyText, wayText } from './words.ts'

const INDENT = 5

export function reportLines(report: ExplainReport, title: readonly [string, string], options: PageOptions): string[] {
  const taps = [...report.steps, ...report.routes].flatMap((s) => tapsOf(s.events))
  const page = new Page(options, taps)
  page.title(title[0])
  page.plain(title[1])
  page.blank()
  for (const step of report.steps) dialogue(page, report, step)
  page.blank()
  page.title(report.accepted ? 'Where it goes' : 'Where it would go, had it been accepted')
  for (const route of report.routes) destination(page, route)
  page.blank()
  const { kind, text } = verdictLine(report)
  page.outcome(kind, text)
  return page.lines
}

function dialogue(page: Page, report: ExplainReport, step: ExplainStep): void {
  if (step.command === '(message)') page.client('(the message, and a dot)')
  else if (step.command !== '(connect)') page.client(step.command)
  for (const tap of tapsOf(step.events)) page.tap(tap, INDENT)
  if (step.reply.code >= 400) coreRemark(page, report, step)
  page.server(step.reply.code, replyText(step.reply))
}
/** What no tap of this step said, and yet the server answers no. */
function coreRemark(page: Page, report: ExplainReport, step: ExplainStep): void {
  const { tap, kept } = whoRefused(report, step)
  if (tap && kept) page.entry(tap.hook, tap.use, 'refused before; the reply was kept until RCPT', INDENT)
  else if (!tap && isRcpt(step)) page.entry('relay', '(core)', 'nobody claims this recipient', INDENT)
}

function destination(page: Page, { result, ...route }: ExplainRoute): void {
  for (const way of waysOf({ result, ...route })) {
    const indent = 2 + 3 * way.depth
    const ends = result.kind === 'routes' ? result.routes.filter((r) => r.address === way.address) : []
    if (ends.length === 0) page.plain(way.address, indent)
    for (const r of ends)
      page.outcome('good', `${way.address} => ${wayText(r.transport, r.nexthop, r.addressClass)}`, indent)
    for (const tap of way.taps) page.tap(tap, indent + 3)
  }
  if (result.kind !== 'failed') return
  const fate = result.permanent ? 'is returned to the sender' : 'waits in the queue'
  page.outcome(result.permanent ? 'bad' : 'warn', `=> ${fate}: ${result.esc} ${result.text}`, INDENT)
}
