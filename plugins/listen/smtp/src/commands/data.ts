import type { Reply } from '@postern/core'
import type { Connection } from '../connection.ts'
import { DataReader } from '../content.ts'
import { Intake } from '../intake.ts'
import * as replies from '../replies.ts'
import { isBlank } from '../space.ts'
import { after, refuses } from '../transaction.ts'
import type { Pending } from '../transaction.ts'

export function data(c: Connection, argument: string): Pending {
  if (c.chunking) return c.refuse('data', replies.DATA_AFTER_BDAT)
  const missing = noRecipients(c)
  if (missing) return c.refuse('data', missing)
  if (!isBlank(argument)) return c.refuse('data', replies.SYNTAX_DATA)
  return after(c.dialogue.data(), (decision) => {
    if (c.gone) return undefined
    if (refuses(decision)) return c.reply(decision)
    const { settings } = c
    const intake = new Intake(c.dialogue.content(), settings.sizeLimit, c.log)
    const reader = new DataReader(intake, c.bareNewlineAllowed ? 'no' : settings.bareNewline)
    c.receive(reader, intake, () => complete(c, reader))
    return c.reply(decision ?? replies.START_DATA)
  })
}

/** Why no content can come now. */
export function noRecipients(c: Connection): Reply | undefined {
  if (c.transaction && c.transaction.recipients > 0) return undefined
  // RFC 2033 section 4.2: 503 and nothing else
  return c.transaction && c.settings.protocol === 'smtp' ? replies.NO_RECIPIENTS : replies.NEED_RCPT
}

function complete(c: Connection, reader: DataReader): Pending {
  const { intake } = reader
  if (reader.bareLf && c.settings.bareNewline === 'reject' && !c.bareNewlineAllowed)
    intake.refuse(c.settings.replies.bareLf)
  return intake.end().then((reply) => finish(c, intake, reply))
}

export function finish(c: Connection, intake: Intake, reply: Reply): void {
  if (c.gone) return
  if (intake.refusal) c.dialogue.refused('data', reply)
  c.endOfMessage(reply, intake.refusal !== undefined)
}
