/** A message into a batch: one COMMIT, or one STATE when it is moved. */
import { crc32 } from 'node:zlib'
import { PosternError } from '@postern/core'
import type { STATE } from './frame.ts'
import { COMMIT, ENDS, HEADER } from './frame.ts'
import { HOME_FIXED, chunkRoom, chunksOf, encodeHomeFixed, writeChunks } from './envelope.ts'
import { SpooledBody } from './body.ts'
import { highHalf, isId, lowHalf } from './ids.ts'
import { unpinned } from './fresh.ts'
import type { NewMessage } from '@postern/core'
import type { Batch, Waiter } from './batch.ts'
import type { Fresh } from './fresh.ts'
import type { Held, HomeData, Seed } from './envelope.ts'
import type { Rows } from './rows.ts'

export interface Encoded {
  readonly slot: number
  readonly fresh?: Fresh
}
/** What a new message takes the place of. */
export interface Replaced {
  readonly slot: number
  readonly id: string
}
export function encodeMessage(
  rows: Rows,
  batch: Batch,
  message: NewMessage,
  body: SpooledBody,
  waiter: Waiter,
  replaced?: Replaced,
): Encoded {
  const { id, envelope, recipients, header } = message
  if (!isId(id)) throw new PosternError('PN_STORE', `${id} is not an id of this store`)
  if (recipients.length === 0) throw new PosternError('PN_STORE', `message ${id} has no recipients`)
  const held: Held | undefined = message.held && { ...message.held, at: envelope.created }
  const data: HomeData = { e: envelope, f: body.file, h: held, x: replaced?.id }
  const payload = [header, ...(body.bytes ?? [])]
  const slot = rows.make({
    high: highHalf(id),
    low: lowHalf(id),
    created: envelope.created,
    size: header.length + body.size,
    recipients: recipients.length,
    file: body.file,
    held,
  })
  const facts: PayloadFacts = {
    headerLength: header.length,
    headerCrc: crc32(header),
    bodyLength: body.size,
    bodyCrc: body.crc,
    created: envelope.created,
  }
  encodeHome(batch, COMMIT, slot, data, recipients, facts, payload, waiter)
  if (replaced) {
    batch.replaces.push({ at: batch.rows.length - 1, old: replaced.slot, slot })
    rows.leaving.add(replaced.slot)
    if (rows.watched === replaced.slot) rows.watched = -1
  }
  if (!body.bytes) return { slot }
  const kept = new SpooledBody(body.size, body.crc, { bytes: body.bytes.map(unpinned) })
  kept.taken = true
  const bytes = header.length + body.size
  return { slot, fresh: { envelope, recipients, header: unpinned(header), body: kept, bytes } }
}
export interface PayloadFacts {
  readonly headerLength: number
  readonly headerCrc: number
  readonly bodyLength: number
  readonly bodyCrc: number
  readonly created: number
}
export function encodeHome(
  batch: Batch,
  type: typeof COMMIT | typeof STATE,
  slot: number,
  data: HomeData,
  seeds: readonly Seed[],
  facts: PayloadFacts,
  payload: readonly Uint8Array[],
  waiter?: Waiter,
): void {
  const json = JSON.stringify(data)
  const chunks = chunksOf(seeds)
  const bytes = payload.reduce((sum, part) => sum + part.length, 0)
  const at = batch.begin(HOME_FIXED + json.length * 3 + chunkRoom(chunks) + bytes) + HEADER
  const { buffer } = batch
  const jsonLength = buffer.write(json, at + HOME_FIXED)
  const apart = data.f !== undefined
  encodeHomeFixed(buffer, at, {
    headerLength: facts.headerLength,
    headerCrc: facts.headerCrc,
    bodyLength: facts.bodyLength,
    bodyCrc: facts.bodyCrc,
    created: facts.created,
    json: jsonLength,
    recipients: seeds.length,
    apart,
    held: data.h !== undefined,
    replaces: data.x !== undefined,
  })
  const start = writeChunks(buffer, at + HOME_FIXED + jsonLength, chunks)
  let end = start
  for (const part of payload) {
    buffer.set(part, end)
    end += part.length
  }
  batch.finish(type, slot, start - at, end - start, { flags: data.x ? ENDS : 0, waiter })
}
