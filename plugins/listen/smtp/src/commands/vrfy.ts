import { isUtf8, parseAddress, parsePath } from '@postern/core'
import type { MailAddress } from '@postern/core'
import type { Connection } from '../connection.ts'
import * as replies from '../replies.ts'
import { trim } from '../space.ts'
import { after, refuses } from '../transaction.ts'
import type { Pending } from '../transaction.ts'

export function vrfy(c: Connection, argument: string): Pending {
  const { features } = c.offer
  if (!c.settings.vrfy) return c.refuse('vrfy', replies.VRFY_DISABLED)
  const utf8 = features.smtputf8 && /(^|[ \t-\r])SMTPUTF8[ \t-\r]*$/i.test(argument)
  const text = trim(utf8 ? argument.replace(/[ \t-\r]*SMTPUTF8[ \t-\r]*$/i, '') : argument)
  if (text === '') return c.refuse('vrfy', replies.SYNTAX_VRFY)
  return after(c.counted && c._server.anvil.recipient(c.remoteAddress), (over) =>
    over ? c.refuse('vrfy', replies.tooManyRecipients(c.remoteAddress)) : verify(c, text, utf8),
  )
}

function verify(c: Connection, text: string, utf8: boolean): Pending {
  if (c.gone) return undefined
  const address = addressIn(text)
  if (!address || (isUtf8(address.domain) && !utf8)) return c.refuse('vrfy', replies.BAD_RECIPIENT)
  return after(c.dialogue.verify(address), (decision) =>
    c.reply(refuses(decision) ? decision : replies.canVerify(text)),
  )
}

/** A mailbox, bare or with a name in front; comments around it: `Rich <rich@example.org> (home)`. */
function addressIn(text: string): MailAddress | undefined {
  const bracketed = /^(?:"(?:[^"\\]|\\.)*"|[^"<>])*(<.*>)[ \t]*(?:\([^()]*\))?$/s.exec(text)
  if (!bracketed) return parseAddress(text.replace(/;$/, ''), { lenient: true })
  const path = parsePath(bracketed[1]!, { lenient: true })
  return path.ok && path.rest === '' && path.address.text !== '' ? path.address : undefined
}
