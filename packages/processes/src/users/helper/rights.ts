/** Acting as a user: effective ids and groups for as long as a piece of synchronous work takes, never across a wait. */
import process from 'node:process'
import type { UserOutcome } from '@postern/core'
import { closeInherited } from '../../descriptors.ts'
import type { Account } from './accounts.ts'

export interface Rights {
  /** real id: may this process become others? */
  readonly root: boolean
  /** `gid`: instead of the user's own */
  as<T>(account: Account, work: () => T, gid?: number): T
}
const own = process.getuid!()

export const rights: Rights = own === 0 ? { root: true, as: asRoot } : { root: false, as: (_, work) => work() }

let groups = ''
let group = -1
let acting: Account | undefined
function asRoot<T>(account: Account, work: () => T, gid = account.gid): T {
  // a piece of work that is a part of another's: each change of ids costs more than a file call
  if (acting) {
    if (acting.uid !== account.uid) throw new Error('two users at a time')
    return work()
  }
  try {
    const wanted = account.groups.join()
    if (wanted !== groups) process.setgroups!([...account.groups])
    groups = wanted
    if (gid !== group) process.setegid!(gid)
    group = gid
    process.seteuid!(account.uid)
    acting = account
    return work()
  } finally {
    acting = undefined
    back()
  }
}
/** The groups stay: root has no use for them, and the next user's replace them. */
function back(): void {
  try {
    process.seteuid!(0)
  } catch {
    // a process that is half somebody else must not go on
    process.abort()
  }
}
/** From root with whatever the starter had to root with nothing else. */
export function settle(): void {
  process.umask(0o077)
  process.chdir('/')
  closeInherited()
  if (own !== 0) return
  process.setgroups!([])
  process.setgid!(0)
}

/** Why nothing is delivered as this user; `undefined`: it may be. `ownSpoolFile`: it goes to the user's file in a mail spool, where root has one too. */
export function objection(account: Account, minimumUid: number, ownSpoolFile: boolean): UserOutcome | undefined {
  const { name, uid } = account
  if (uid === 0 && own === 0 && ownSpoolFile) return undefined
  if (uid === 0) return misconfigured(`refused to deliver as user ${name}, which is root`)
  if (uid < minimumUid)
    return misconfigured(`refused to deliver as user ${name}: user id ${uid} is below ${minimumUid}`)
  if (own !== 0 && uid !== own) return misconfigured(`no rights to deliver as user ${name}`)
  return undefined
}
const misconfigured = (why: string): UserOutcome => ({
  kind: 'deferred',
  esc: '4.3.5',
  text: `mail system configuration error: ${why}`,
})
