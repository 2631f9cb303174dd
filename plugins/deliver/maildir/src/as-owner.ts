/** Deliveries that this process has no rights for, or that need locks: by the node's helper, as the mailbox's owner or as a user. */
import { join } from 'node:path'
import { delivered } from '@postern/core'
import type { Outcome } from '@postern/core'
import { OneAtATime, askHelper, dryOutcome } from '@postern/mailboxes'
import type { MailboxDelivery } from '@postern/mailboxes'
import type { Mailbox } from './locate.ts'
import type { Options } from './options.ts'
import { misconfigured } from './owner.ts'

/** the longest name that the helper takes */
const LONGEST_NAME = 255

export class AsOwner {
  readonly #base: string
  readonly #options: Options
  readonly #turns = new OneAtATime()

  /** `base`: absolute */
  constructor(base: string, options: Options) {
    this.#base = base
    this.#options = options
  }
  /** Into the maildir below a user's home: what Postfix's local(8) does with home_mailbox. Throws as askHelper. */
  async home(user: string, d: MailboxDelivery): Promise<Outcome> {
    const { homeMailbox, virtualMailboxLimit: limit, syncFolder, returnOverQuota } = this.#options
    if (d.call.dry) return dryOutcome(user, 'maildir', d)
    const folder = { below: 'home', path: homeMailbox } as const
    return askHelper({ kind: 'maildir', user, folder, limit, syncFolder, returnOverQuota }, d)
  }
  /** Throws as askHelper. */
  async mailbox({ path, format, owner }: Mailbox, d: MailboxDelivery): Promise<Outcome> {
    const ids = owner ?? { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 }
    if (ids.uid <= 0 || ids.gid <= 0) return misconfigured('an mbox needs an owner who is not root: set uid and gid')
    if (d.call.dry) return delivered('2.0.0', format === 'mbox' ? 'delivers to mailbox' : 'delivers to maildir')
    const { virtualMailboxLimit: limit, syncFolder, returnOverQuota } = this.#options
    const at = { below: 'root', path: join(this.#base, ...path) } as const
    const user = d.target.key.slice(0, LONGEST_NAME / 4)
    const wanted = { user, owner: { uid: ids.uid, gid: ids.gid }, limit, returnOverQuota }
    if (format === 'maildir') return askHelper({ ...wanted, kind: 'maildir', folder: at, syncFolder }, d)
    const locks = this.#options.virtualMailboxLock
    return this.#turns.run(at.path, () => askHelper({ ...wanted, kind: 'mbox', file: at, locks }, d))
  }
}
