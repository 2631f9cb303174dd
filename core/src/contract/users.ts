/**
 * Delivery with a recipient's rights. No plugin provides it: who runs the node does, by a helper that stays root where the
 * daemon was started as root, and by nobody else's rights where it was not. What the helper may be asked is this list.
 */
import type { Call } from './call.ts'
import type { PermanentCode, StatusCode, TemporaryCode } from './verdicts.ts'

/** The system's user data base has three answers; absent is never said when it could not be asked. */
export type UserAnswer =
  | { readonly kind: 'found'; readonly user: SystemUser }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly cause: string }
export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** absolute path */
  readonly home: string
  readonly shell: string
}

interface AsUser {
  /** a name of the system's user data base: looked up anew by the helper, never believed from the asker; only a name for texts beside an `owner` */
  readonly user: string
  /** lines above the message, each with its LF: `Return-Path: <...>\nDelivered-To: ...\n` */
  readonly above: string
  /** bytes that the file or the message may have; 0 or absent: no limit */
  readonly limit?: number
}
/** The ids of a mailbox whose owner need not be in the user data base, as Postfix's virtual(8) has them; neither is root. */
export interface MailboxOwner {
  readonly uid: number
  readonly gid: number
}
/** What is absent defers: a mailbox is mended, or emptied, sooner than mail expires. */
interface ToMailbox extends AsUser {
  /** whose rights instead of `user`'s, with no other group; the path is absolute then */
  readonly owner?: MailboxOwner
  /** over the owner's quota: failed with 5.2.2, as Postfix says */
  readonly returnOverQuota?: boolean
  /** what somebody has to mend (no folder, no right, no regular file): failed with 5.2.0, as Postfix's local(8) says */
  readonly returnFaults?: boolean
}
export type UserRequest =
  /** one file in `folder`, which is made when it is missing */
  | (ToMailbox & { readonly kind: 'maildir'; readonly folder: UserPath; readonly syncFolder?: boolean })
  /** appended to `file`, locked as Postfix's mailbox_delivery_lock says; its folder is not made */
  | (ToMailbox & {
      readonly kind: 'mbox'
      readonly file: UserPath
      readonly locks: readonly ('dotlock' | 'fcntl' | 'flock')[]
    })
  /** a program, without a shell: its standard input is the message, its exit code one of sysexits.h */
  | (AsUser & {
      readonly kind: 'command'
      readonly argv: readonly string[]
      readonly env?: Readonly<Record<string, string>>
      /** the home folder when absent */
      readonly folder?: UserPath
      /** ms until it is ended */
      readonly timeout: number
    })
/** Below the user's home, or absolute: reached with the user's rights either way. */
export interface UserPath {
  readonly below: 'home' | 'root'
  readonly path: string
}
/** What the message is made of: LF line ends, in the order of the file. Throws, and nothing is delivered. */
export interface UserContent {
  /** bytes that `stream` gives in all, when known */
  readonly size?: number
  stream(): AsyncIterable<Uint8Array>
}
/** How it ended. `fault`: nobody knows how; defer. */
export type UserOutcome =
  | { readonly kind: 'delivered'; readonly esc: StatusCode; readonly text: string; readonly output?: string }
  | { readonly kind: 'deferred'; readonly esc: TemporaryCode; readonly text: string; readonly output?: string }
  | { readonly kind: 'failed'; readonly esc: PermanentCode; readonly text: string; readonly output?: string }

export interface UserDelivery {
  find(name: string, call: Call): Promise<UserAnswer>
  /** One delivery, durable when it resolves with delivered. Rejects on a fault: the helper is gone, or hangs beyond the deadline. */
  deliver(request: UserRequest, content: UserContent, call: Call): Promise<UserOutcome>
}
