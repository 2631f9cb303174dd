import * as assert from 'uvu/assert'
import type { MessageDraft, Report, ReportView, Silent } from '@postern/core'
import bounce from '@postern/ops-bounce'
import { fakeCall, reportView, tap } from '@postern/testkit'
import type { ReportSpec, TapContext, Tapped } from '@postern/testkit'

export type Options = NonNullable<Parameters<typeof bounce>[0]>
export const SITE = { myhostname: 'mail.site.example', myorigin: 'site.example', mailName: 'Postern' }
export const MESSAGE = 'From: a@site.example\nSubject: original\n\noriginal body\n'
const DATE = /\w{3}, [ \d]\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}(?: \([A-Z]+\))?/g

export type Spec = ReportSpec & { readonly view?: Partial<ReportView> }
export async function answer(spec: Spec, options: Options = {}, site: object = {}): Promise<Report | Silent> {
  return ask(plugin(options, { site }), spec)
}
export function plugin(options: Options, context: TapContext = {}): Tapped {
  return tap(bounce, options, { ...context, site: { ...SITE, ...context.site } })
}
export async function ask(t: Tapped, spec: Spec): Promise<Report | Silent> {
  const { view, ...rest } = spec
  const full = { ...reportView({ sender: 'a@site.example', message: MESSAGE, ...rest }), ...view }
  return (await t.report(full, fakeCall())) as Report | Silent
}
export function textOf(draft: MessageDraft): string {
  const chunks = [draft.content].flat() as (string | Uint8Array)[]
  const text = Buffer.concat(chunks.map((c) => Buffer.from(c as Uint8Array))).toString()
  assert.not.match(text, /[^\r]\n/, 'every line ends in CRLF')
  const boundary = /boundary="([^"]+)"/.exec(text)![1]!
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(boundary, 'BOUNDARY')
    .replace(DATE, 'DATE')
    .replace(/^Message-Id: <\d{14}\.\w+@/m, 'Message-Id: <ID@')
}
export async function reportOf(
  spec: Spec,
  options: Options = {},
  site: object = {},
): Promise<{ draft: MessageDraft; text: string }> {
  const a = await answer(spec, options, site)
  assert.is(a.kind, 'report', (a as Silent).reason)
  const { draft } = a as Report
  return { draft, text: textOf(draft) }
}

export const BAD = {
  address: 'bad@remote.example',
  status: '5.1.1',
  text: 'host mx.remote.example[192.0.2.9] said: 550 5.1.1 no such user here (in reply to RCPT TO command)',
  diagnostic: 'smtp; 550 5.1.1 no such user here',
  remoteMta: 'dns; mx.remote.example',
}
/** Who gets it: `address`, or `original -> address` where that was completed. */
export const recipientsOf = (draft: MessageDraft): string[] =>
  draft.recipients.map((r) => (typeof r === 'string' ? r : `${r.original} -> ${r.address}`))
