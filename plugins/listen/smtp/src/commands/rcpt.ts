import { isUtf8, parsePath } from '@postern/core'
import type { Connection } from '../connection.ts'
import { isReply, rcptParameters } from '../parameters.ts'
import * as replies from '../replies.ts'
import { after, refuses } from '../transaction.ts'
import type { Pending, Transaction } from '../transaction.ts'

export function rcpt(c: Connection, argument: string): Pending {
  const { transaction } = c
  if (!transaction) return c.refuse('rcpt', replies.NEED_MAIL)
  if (c.chunking) return c.refuse('rcpt', replies.RCPT_AFTER_BDAT)
  const to = /^[ \t-\r]*to:[ \t-\r]*(?=[^ \t-\r])/i.exec(argument)
  if (!to) return c.refuse('rcpt', replies.SYNTAX_RCPT)
  return after(c.counted && c._server.anvil.recipient(c.remoteAddress), (over) =>
    over
      ? c.refuse('rcpt', replies.tooManyRecipients(c.remoteAddress))
      : recipient(c, transaction, argument.slice(to[0].length)),
  )
}

function recipient(c: Connection, transaction: Transaction, argument: string): Pending {
  if (c.gone) return undefined
  const { settings } = c
  const path = parsePath(argument, { lenient: !settings.strictEnvelopes })
  if (!path.ok || path.address.text === '') return c.refuse('rcpt', replies.BAD_RECIPIENT)
  const { address, rest } = path
  if (isUtf8(address.domain) && !transaction.smtputf8) return c.refuse('rcpt', replies.BAD_RECIPIENT)
  if (!c.dialogue.isSound(address)) return c.refuse('rcpt', replies.BAD_RECIPIENT)
  const parameters = rcptParameters(rest, c.offer.features)
  if (isReply(parameters)) return c.refuse('rcpt', parameters)
  return after(c.dialogue.rcpt(address, parameters), (decision) => {
    if (!refuses(decision)) transaction.recipients++
    else if (decision.code === 452 && decision.esc === '4.5.3') return c.refuseOvershoot(decision)
    return c.reply(decision ?? replies.RCPT_OK)
  })
}
