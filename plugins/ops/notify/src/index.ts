/** @postern/ops-notify: transcripts of sessions with errors, sent to the postmaster by class (Postfix's notify_classes). */
import { addressRewriter, definePlugin, qualified, recipientTables } from '@postern/core'
import type { AddressRewriter, Mta, Named, RecipientTables, SessionView } from '@postern/core'
import type { Source } from './classes.ts'
import { noticeOf } from './notice.ts'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import { Watch } from './watch.ts'

export default definePlugin({
  name: 'ops-notify',
  options: schema,
  needs: { rewriter: addressRewriter, recipients: recipientTables },
  optional: ['rewriter'],
  apply(mta, options, needs) {
    // nobody asks: nothing is written down
    if (options.notifyClasses.length > 0) watchSessions(mta, options, needs)
  },
})

interface Around {
  readonly rewriter?: AddressRewriter
  readonly recipients: Named<RecipientTables>
}
/** its tables are no role: it knows no more than who has moved */
const MOVED = 'route-relocated'

function watchSessions(mta: Mta, options: Options, around: Around): void {
  const watches = new Map<string, Watch>()
  const budget = { used: 0 }
  const notices = new Notices(mta, options, () => around.rewriter)
  const sourceOf = (by: string): Source => {
    if (by === 'core' || by === 'queue') return 'core'
    return by === MOVED || around.recipients.get(by) ? 'knows' : 'plugin'
  }
  mta.on.connected.tap(({ session }) => {
    watches.set(session.id, new Watch(budget, options.transcriptLines))
    return undefined
  })
  mta.on.refused.tap(({ session, sender, reply, by }) => {
    const watch = watches.get(session.id)
    watch?.refused(sourceOf(by), reply)
    if (watch && sender?.toLowerCase() === notices.sender.toLowerCase()) watch.muted = true
    return undefined
  })
  mta.on.replied.tap(({ session, command, line, reply }) => {
    watches.get(session.id)?.replied(command, line, reply)
    return undefined
  })
  mta.on.disconnect.tap(({ session }) => {
    const watch = watches.get(session.id)
    if (!watch) return undefined
    watches.delete(session.id)
    if (!watch.muted && options.notifyClasses.some((c) => watch.errors.has(c))) notices.send(session, watch)
    watch.transcript.dispose()
    return undefined
  })
}

type Rewriter = () => AddressRewriter | undefined
const HOUR = 3_600_000

class Notices {
  readonly sender: string
  readonly #mta: Mta
  readonly #options: Options
  readonly #rewriter: Rewriter
  #suppressed = 0

  constructor(mta: Mta, options: Options, rewriter: Rewriter) {
    this.#mta = mta
    this.#rewriter = rewriter
    this.#options = options
    this.sender = `${options.doubleBounceSender}@${mta.site.myhostname}`
  }
  /** A notice has no session, so it can never be the cause of another. */
  send(session: SessionView, watch: Watch): void {
    const { errors, reason } = watch
    const { bounceNoticeRecipient, errorNoticeRecipient } = this.#options
    // the header names who reads such notices, the envelope who gets this one, as in Postfix
    const to = this.#local(errorNoticeRecipient)
    const original = errors.has('bounce') ? bounceNoticeRecipient : errorNoticeRecipient
    const address = this.#local(original)
    const recipient = address === original ? address : { address, original, orcpt: `rfc822;${address}` }
    const lines = watch.transcript.lines()
    const client = `${session.client.name}[${session.client.address}]`
    this.#mta.background(async () => {
      if (!(await this.#allowed())) return
      const { site, clock } = this.#mta
      const { myhostname, mailName } = site
      const suppressed = this.#suppressed
      this.#suppressed = 0
      const { autoSubmitted, headerFromFormat } = this.#options
      const style = { autoSubmitted, headerFromFormat }
      const now = clock.now()
      const content = noticeOf({ myhostname, mailName, to, client, lines, reason, ...style, suppressed, now })
      try {
        await this.#mta.submit(
          { sender: this.sender, recipients: [recipient], content },
          { kind: 'bounce', of: session.id },
        )
      } catch (error) {
        this.#suppressed += suppressed
        throw error
      }
    })
  }
  async #allowed(): Promise<boolean> {
    const limit = this.#options.noticesPerHour
    const count = await this.#mta.shared.count(`${this.#mta.name}/notices`, 1, HOUR)
    if (count <= limit) return true
    this.#suppressed++
    if (count === limit + 1) this.#mta.log.warn('notify.limited', { noticesPerHour: limit })
    return false
  }
  #local(address: string): string {
    return qualified(address, this.#mta.site.myorigin, this.#rewriter())
  }
}
