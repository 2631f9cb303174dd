import notify from '@postern/ops-notify'
import type { MessageDraft, Reply, SessionView } from '@postern/core'
import { sessionView, tap } from '@postern/testkit'
import type { TapContext, Tapped } from '@postern/testkit'

export type Options = NonNullable<Parameters<typeof notify>[0]>
export const ALL: Options = { notifyClasses: ['bounce', 'data', 'policy', 'protocol', 'resource', 'software'] }
export const SITE = { myhostname: 'mail.site.example', myorigin: 'site.example', mailName: 'Postfix' }
interface Refused {
  readonly sender?: string
  readonly by?: string
  /** when it is not the reply's */
  readonly code?: number
}
/** A line, its reply (`550 5.1.1 text`, `\n` between lines) and what is told of its refusal. `(DATA)`: a reply of DATA's that no line asked for. */
export type Step = readonly [said: string, reply: string, refused?: Refused]

export const plugin = (options: Options = ALL, context: TapContext = {}): Tapped =>
  tap(notify, options, { site: SITE, needs: { recipients: { 'who-exists': {} } }, ...context })

export function replyOf(said: string): Reply {
  const [, code, esc, text] = /^(\d{3}) (?:([245]\.\d+\.\d+) )?(.*)$/s.exec(said)!
  const lines = text!.split('\n')
  return { code: Number(code), esc, text: lines.length > 1 ? lines : lines[0]! }
}
export const GREETING: Step = ['()', '220 mail.site.example ESMTP Postfix']
export const EHLO: Step = ['EHLO client.example', '250 mail.site.example\nPIPELINING\nCHUNKING']
export const QUIT: Step = ['QUIT', '221 2.0.0 Bye']

/** Tells the plugin of a whole session. */
export function play(t: Tapped, steps: readonly Step[], session: SessionView = client()): void {
  t.tell('connected', { session })
  for (const [said, answer, refused] of steps) {
    const reply = replyOf(answer)
    if (refused) {
      const { code = reply.code, by = 'core', sender } = refused
      t.tell('refused', { session, stage: 'x', reply: { ...reply, code }, by, sender })
    }
    const [, unasked] = /^\((\w*)\)$/.exec(said) ?? []
    const command = unasked ?? /^\S*/.exec(said)![0].toUpperCase()
    t.tell('replied', { session, command, reply, ...(unasked === undefined ? { line: said } : {}) })
  }
  t.tell('disconnect', { session, commands: steps.length, ms: 1 })
}
let sessions = 0
export const client = (): SessionView =>
  sessionView({ id: `s${++sessions}`, client: { address: '192.0.2.1', name: 'client.example' } })

/** The notices of one session, in one piece each; dates and ids have names. */
export async function noticesOf(steps: readonly Step[], options: Options = ALL): Promise<MessageDraft[]> {
  const t = plugin(options)
  play(t, steps)
  await t.stop()
  return t.submitted.map((s) => s.draft)
}
export function textOf(draft: MessageDraft): string {
  return (draft.content as string)
    .replaceAll('\r\n', '\n')
    .replace(/^Date: .*$/m, 'Date: DATE')
    .replace(/^Message-Id: <\d{14}\.\w+@/m, 'Message-Id: <ID@')
}
/** The transcript's lines. */
export const transcriptOf = (draft: MessageDraft): string[] =>
  textOf(draft)
    .split('\n')
    .filter((l) => / (In|Out): | {5}|\(\d+ rep/.test(l))
/** Who gets it: `address`, or `original -> address` where that was completed. */
export const recipientsOf = (draft: MessageDraft): string[] =>
  draft.recipients.map((r) => (typeof r === 'string' ? r : `${r.original} -> ${r.address}`))
