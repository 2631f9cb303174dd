/** Whose mailbox is it, and where? */
import { deferred, failedWith } from '@postern/core'
import type { Call, Failed, Lookup, Outcome, Table } from '@postern/core'
import { misconfigured, ownerProblem } from './owner.ts'
import type { Owner } from './owner.ts'
import { pathFromTemplate, pathFromValue } from './path.ts'
import { keysOf } from './recipient.ts'
import type { Target } from './recipient.ts'

export interface Mailbox {
  readonly kind: 'mailbox'
  /** folder names below the base */
  readonly path: readonly string[]
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
  const path = where.mailboxMaps
    ? await mapped(target, where.mailboxMaps, call)
    : (pathFromTemplate(where.mailboxPath, target) ?? unknownUser(target))
  if ('kind' in path) return path
  const owner = await ownerOf(target, where, call)
  if (owner && 'kind' in owner) return owner
  return (owner && ownerProblem(owner, where.minimumUid)) ?? { kind: 'mailbox', path, owner }
}

const unknownUser = (target: Target): Failed => failedWith('5.1.1', `unknown user: "${target.key}"`)

async function mapped(target: Target, table: Table, call: Call): Promise<string[] | Outcome> {
  const answer = await find(table, target, call)
  if (answer.kind === 'absent') return unknownUser(target)
  if (answer.kind === 'failed') return lookupFailed(answer)
  if (!answer.value.endsWith('/'))
    return deferred('4.3.5', 'mbox is not supported here', { cause: `${table.name}: ${answer.value}` })
  return pathFromValue(answer.value) ?? misconfigured(`${table.name}: "${answer.value}" leaves the mailbox base`)
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
