import { isUtf8, parsePath } from '@postern/core'
import type { MailAddress } from '@postern/core'
import type { Connection } from '../connection.ts'
import * as replies from '../replies.ts'
import { after, refuses } from '../transaction.ts'
import type { Pending } from '../transaction.ts'

export function vrfy(c: Connection, argument: string): Pending {
  const { features, vrfy: allowed } = c.settings
  if (!allowed) return c.refuse('vrfy', replies.VRFY_DISABLED)
  const utf8 = features.smtputf8 && /(^|\s)SMTPUTF8\s*$/i.test(argument)
  const text = (utf8 ? argument.replace(/\s*SMTPUTF8\s*$/i, '') : argument).trim()
  if (text === '') return c.refuse('vrfy', features.smtputf8 ? replies.SYNTAX_VRFY : replies.SYNTAX_VRFY_ASCII)
  if (c._server.anvil.recipient(c.remoteAddress)) return c.refuse('vrfy', replies.tooManyRecipients(c.remoteAddress))
  const address = addressIn(text)
  if (!address || (isUtf8(address.domain) && !utf8)) return c.refuse('vrfy', replies.BAD_RECIPIENT)
  return after(c.dialogue.verify(address), (decision) =>
    c.reply(refuses(decision) ? decision : replies.canVerify(text)),
  )
}

/** A mailbox, bare or with a name in front: `Rich <rich@example.org>`. */
function addressIn(text: string): MailAddress | undefined {
  const bracketed = /^(?:"(?:[^"\\]|\\.)*"|[^"<>])*(<.*>)$/s.exec(text)
  const path = parsePath(bracketed?.[1] ?? text, { lenient: true })
  return path.ok && path.rest === '' && path.address.text !== '' ? path.address : undefined
}
