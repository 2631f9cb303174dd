/** Who may look at the queue and flush it: Postfix's authorized_mailq_users and authorized_flush_users. */
import { EX, Fatal } from '../fatal.ts'
import type { Place } from '../place.ts'
import { currentUser, isAuthorized } from '../user.ts'

/** Throws Fatal (69) for whom the list leaves out; root is never asked for. Without a Postfix folder everybody may. */
export async function isAllowed(
  { postfix }: Place,
  parameter: 'authorized_mailq_users' | 'authorized_flush_users',
  to: 'view' | 'flush',
): Promise<void> {
  if (postfix === undefined || process.getuid!() === 0) return
  const { parametersOf } = await import('../postfix.ts')
  const list = (await parametersOf(postfix, EX.UNAVAILABLE)).list(parameter)
  const { login, uid } = currentUser()
  if (isAuthorized(list, login, uid)) return
  throw new Fatal(`User ${login}(${uid}) is not allowed to ${to} the mail queue`, EX.UNAVAILABLE)
}
