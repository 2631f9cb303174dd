import type { MailAddress, MailParameters } from '@postern/core'
import { internal, isUtf8, parsePath } from '@postern/core'
import type { Connection } from '../connection.ts'
import { isReply, mailParameters } from '../parameters.ts'
import * as replies from '../replies.ts'
import { after, refuses } from '../transaction.ts'
import type { Pending } from '../transaction.ts'

export function mail(c: Connection, argument: string): Pending {
  const { settings } = c
  if (settings.heloRequired && !c.greeted) return c.refuse('mail', replies.HELO_FIRST)
  if (c.transaction) return c.refuse('mail', replies.NESTED_MAIL)
  if (c.chunking) return c.refuse('mail', replies.MAIL_AFTER_BDAT)
  const from = /^[ \t-\r]*from:[ \t-\r]*(?=[^ \t-\r])/i.exec(argument)
  if (!from) return c.refuse('mail', replies.SYNTAX_MAIL)
  return after(c.counted && c._server.anvil.message(c.remoteAddress), (over) =>
    over ? c.refuse('mail', replies.tooMuchMail(c.remoteAddress)) : sender(c, argument.slice(from[0].length)),
  )
}

function sender(c: Connection, argument: string): Pending {
  if (c.gone) return undefined
  const { settings } = c
  const path = parsePath(argument, { lenient: !settings.strictEnvelopes })
  if (!path.ok) return c.refuse('mail', replies.BAD_SENDER)
  const { address, rest } = path
  // RFC 6531 section 3.3; a local part in UTF-8 is let through as Postfix does (strict_smtputf8 = no)
  if (isUtf8(address.domain) && !(c.offer.features.smtputf8 && /(^|[ \t-\r])SMTPUTF8(?=[ \t-\r]|$)/i.test(rest)))
    return c.refuse('mail', replies.BAD_SENDER)
  // before its parameters, as in Postfix: a size that is not read does not count
  if (!c.dialogue.isSound(address)) return c.refuse('mail', replies.BAD_SENDER)
  const parameters = mailParameters(rest, c.offer.features, c)
  if (isReply(parameters)) return c.refuse('mail', parameters)
  return begin(c, address, parameters)
}

function begin(c: Connection, sender: MailAddress, parameters: MailParameters): Pending {
  return after(c.dialogue.mail(sender, parameters), (decision) => {
    if (!refuses(decision))
      c.transaction = { sender: internal(sender), smtputf8: parameters.smtputf8 === true, recipients: 0 }
    return c.reply(decision ?? replies.MAIL_OK)
  })
}
