/** RFC 3030: the message in counted chunks, without dots. Chunks are pipelined: what follows a bad one is dropped. */
import type { Reply } from '@postern/core'
import type { Connection } from '../connection.ts'
import { ChunkReader, Chunks } from '../content.ts'
import { Intake } from '../intake.ts'
import * as replies from '../replies.ts'
import { after, refuses } from '../transaction.ts'
import type { Pending } from '../transaction.ts'
import { finish, noRecipients } from './data.ts'

interface Chunk {
  readonly size: number
  readonly last: boolean
}

export function bdat(c: Connection, argument: string): Pending {
  // both hang up (521): what comes next is content, and would be taken for commands
  if (!c.offer.chunking) return c.refuse('bdat', replies.BDAT_DISABLED)
  const chunk = parse(argument)
  if (!chunk) return c.refuse('bdat', replies.SYNTAX_BDAT)
  if (chunk.size === 0 && !chunk.last) return drop(c, chunk, replies.NULL_BDAT)
  if (c.chunking === 'failed') return drop(c, chunk, replies.chunkDropped(chunk.size))
  if (c.chunking) return take(c, chunk, c.chunking)
  const missing = noRecipients(c)
  if (missing) return drop(c, chunk, missing)
  return after(c.dialogue.data(), (decision) => {
    if (c.gone) return undefined
    if (refuses(decision)) return drop(c, chunk, decision, false)
    return take(c, chunk, undefined)
  })
}

function parse(argument: string): Chunk | undefined {
  const m = /^[ \t-\r]*(\d+)([ \t-\r]+LAST)?[ \t-\r]*$/i.exec(argument)
  const size = Number(m?.[1])
  return m && Number.isSafeInteger(size) ? { size, last: m[2] !== undefined } : undefined
}

function take(c: Connection, chunk: Chunk, started: Chunks | undefined): Pending {
  const { sizeLimit: limit, bareNewline } = c.settings
  if (limit > 0 && (started?.intake.bytes ?? 0) + chunk.size > limit) {
    started?.intake.abort()
    return drop(c, chunk, replies.CHUNK_TOO_BIG)
  }
  const chunks =
    started ?? new Chunks(new Intake(c.dialogue.content(), limit, c.log), c.bareNewlineAllowed ? 'no' : bareNewline)
  c.chunking = chunks
  return read(c, chunk, chunks, () => taken(c, chunk, chunks))
}

function taken(c: Connection, chunk: Chunk, chunks: Chunks): Pending {
  const { intake } = chunks
  if (chunks.bareLf && c.settings.bareNewline === 'reject' && !c.bareNewlineAllowed)
    intake.refuse(c.settings.replies.bareLf)
  if (chunk.last) {
    chunks.finish()
    return intake.end().then((reply) => finish(c, intake, withBytes(reply, intake.bytes)))
  }
  return after(intake.wait ?? (undefined as void), () => {
    if (c.gone) return
    if (!intake.refusal) return c.reply(replies.chunkTaken(chunk.size))
    c.refuse('bdat', intake.refusal)
    c.endTransaction(true)
    c.chunking = 'failed'
  })
}
/** Postfix says how much has come in chunks. */
function withBytes(reply: Reply, bytes: number): Reply {
  if (reply.code >= 400 || typeof reply.text !== 'string') return reply
  return replies.say(reply.code, reply.esc, reply.text.replace(/^Ok: queued/, `Ok: ${bytes} bytes queued`), reply.close)
}

/** Reads a chunk that nobody wants, so that the dialogue stays in step, and then says why. */
function drop(c: Connection, chunk: Chunk, reply: Reply, own = true): Pending {
  return read(c, chunk, undefined, () => {
    if (own) c.refuse('bdat', reply)
    else c.reply(reply)
    if (chunk.last) c.endTransaction(true)
    else c.chunking = 'failed'
    return undefined
  })
}

function read(c: Connection, chunk: Chunk, into: Chunks | undefined, then: () => Pending): Pending {
  if (chunk.size === 0) return then()
  c.receive(new ChunkReader(chunk.size, into), into?.intake, then)
  return undefined
}
