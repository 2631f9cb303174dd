/** A message into a batch: one COMMIT. */
import { crc32 } from 'node:zlib'
import { PosternError } from '@postern/core'
import { COMMIT, HEADER } from './frame.ts'
import { COMMIT_FIXED, encodeCommitFixed } from './commit.ts'
import { SpooledBody } from './body.ts'
import { isId } from './ids.ts'
import { newRow } from './row.ts'
import { unpinned } from './fresh.ts'
import type { NewMessage } from '@postern/core'
import type { Batch, Waiter } from './batch.ts'
import type { CommitData } from './commit.ts'
import type { Row } from './row.ts'

export function encodeMessage(batch: Batch, message: NewMessage, body: SpooledBody, waiter: Waiter): Row {
  const { id, envelope, recipients, header } = message
  if (!isId(id)) throw new PosternError('PN_STORE', `${id} is not an id of this store`)
  if (recipients.length === 0) throw new PosternError('PN_STORE', `message ${id} has no recipients`)
  const held = message.held && { ...message.held, at: envelope.created }
  const data: CommitData = { e: envelope, r: recipients, h: held, f: body.file }
  const json = JSON.stringify(data)
  const at = batch.begin(COMMIT_FIXED + json.length * 3 + header.length + (body.bytes ? body.size : 0)) + HEADER
  const apart = body.bytes === undefined
  const fixed = {
    headerLength: header.length,
    headerCrc: crc32(header),
    bodyLength: body.size,
    bodyCrc: body.crc,
    apart,
  }
  encodeCommitFixed(batch.buffer, at, fixed)
  const envelopeLength = COMMIT_FIXED + batch.buffer.write(json, at + COMMIT_FIXED)
  const start = at + envelopeLength
  let end = start + header.length
  batch.buffer.set(header, start)
  for (const chunk of body.bytes ?? []) {
    batch.buffer.set(chunk, end)
    end += chunk.length
  }
  const row = newRow(id, envelope.created, header.length + body.size, recipients.length, body.file)
  row.held = held
  if (body.bytes) {
    const kept = new SpooledBody(body.size, body.crc, { bytes: body.bytes.map(unpinned) })
    kept.taken = true
    row.fresh = { envelope, recipients, header: unpinned(header), body: kept, bytes: header.length + body.size }
  }
  batch.finish(COMMIT, row, envelopeLength, end - start, waiter)
  return row
}
