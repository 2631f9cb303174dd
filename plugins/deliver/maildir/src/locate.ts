/** Whose mailbox is it, and where? */
import { deferred, failedWith } from '@postern/core'
import type { Call, Failed, Lookup, Outcome, Table } from '@postern/core'
import { keysOf } from '@postern/mailboxes'
import type { Target } from '@postern/mailboxes'
import { misconfigured, ownerProblem } from './owner.ts'
import type { Owner } from './owner.ts'
import { pathFromTemplate, pathFromValue } from './path.ts'

export interface Mailbox {
  readonly kind: 'mailbox'
  /** folder names below the base; of an mbox the last one is the file's */
  readonly path: readonly string[]
  readonly format: 'maildir' | 'mbox'
  /** `undefined`: whoever runs the process */
  readonly owner: Owner | undefined
}
export interface Where {
  readonly mailboxPath: string
  readonly mailboxMaps?: Table
  readonly uidMaps?: Table
  readonly gidMaps?: Table
  readonly owner?: Owner
  readonly minimumUid: number
}

export async function locate(target: Target, where: Where, call: Call): Promise<Mailbox | Outcome> {
  const place = where.mailboxMaps
    ? await mapped(target, where.mailboxMaps, call)
    : (placed(pathFromTemplate(where.mailboxPath, target), 'maildir') ?? unknownUser(target))
  if ('kind' in place) return place
  const owner = await ownerOf(target, where, call)
  if (owner && 'kind' in owner) return owner
  return (owner && ownerProblem(owner, where.minimumUid)) ?? { kind: 'mailbox', ...place, owner }
}
type Place = Pick<Mailbox, 'path' | 'format'>
const placed = (path: readonly string[] | undefined, format: Mailbox['format']): Place | undefined =>
  path && { path, format }

const unknownUser = (target: Target): Failed => failedWith('5.1.1', `unknown user: "${target.key}"`)

async function mapped(target: Target, table: Table, call: Call): Promise<Place | Outcome> {
  const answer = await find(table, target, call)
  if (answer.kind === 'absent') return unknownUser(target)
  if (answer.kind === 'failed') return lookupFailed(answer)
  const { value } = answer
  // virtual(8): a slash at the end makes it a maildir
  const place = placed(pathFromValue(value), value.endsWith('/') ? 'maildir' : 'mbox')
  return place ?? misconfigured(`${table.name}: "${value}" leaves the mailbox base`)
}

async function ownerOf(target: Target, where: Where, call: Call): Promise<Owner | Outcome | undefined> {
  if (!where.uidMaps || !where.gidMaps) return where.owner
  const uid = await idOf(target, where.uidMaps, call)
  if (typeof uid !== 'number') return uid
  const gid = await idOf(target, where.gidMaps, call)
  return typeof gid === 'number' ? { uid, gid } : gid
}
async function idOf(target: Target, table: Table, call: Call): Promise<number | Outcome> {
  const answer = await find(table, target, call)
  if (answer.kind === 'failed') return lookupFailed(answer)
  if (answer.kind === 'absent') return misconfigured(`recipient ${target.key}: not found in ${table.name}`)
  const text = answer.value.trim()
  return /^\d{1,9}$/.test(text)
    ? Number(text)
    : misconfigured(`recipient ${target.key}: bad id ${text} in ${table.name}`)
}

async function find(table: Table, target: Target, call: Call): Promise<Lookup> {
  for (const key of keysOf(target)) {
    const answer = await table.get(key, call)
    // a failure ends the search: the next key could only give the wrong mailbox
    if (answer.kind !== 'absent') return answer
  }
  return { kind: 'absent' }
}
const lookupFailed = (answer: Extract<Lookup, { kind: 'failed' }>): Outcome =>
  answer.why === 'misconfigured'
    ? misconfigured(answer.cause)
    : deferred('4.3.0', 'temporary lookup failure', { cause: answer.cause })
