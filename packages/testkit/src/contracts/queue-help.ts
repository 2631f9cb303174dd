/** Messages for the queue store's contract. */
import type { BodySource, Envelope, NewMessage, QueuedMessage, QueueStore, RecipientSeed } from '@postern/core'
import { ORIGIN } from '../plugin/views.ts'

export interface CommitSpec {
  readonly header?: Uint8Array
  readonly body?: Buffer
  readonly envelope?: Partial<Envelope>
  readonly recipients?: readonly (string | RecipientSeed)[]
  readonly held?: NewMessage['held']
}

/** Writes a message in chunks of 64 KiB and commits it; its id. */
export async function commit(store: QueueStore, spec: CommitSpec = {}): Promise<string> {
  const id = store.newId()
  const body = spec.body ?? Buffer.from('body\r\n')
  const sink = store.body(body.length)
  for (let at = 0; at < body.length; at += 65_536) await sink.write(Buffer.from(body.subarray(at, at + 65_536)))
  await store.commit({
    id,
    envelope: {
      sender: 'sender@client.example',
      origin: ORIGIN,
      created: Date.UTC(2030, 0, 1),
      smtputf8: false,
      marks: {},
      reason: 'contract',
      ...spec.envelope,
    },
    recipients: (spec.recipients ?? ['user@site.example']).map((r) =>
      typeof r === 'string' ? { address: r, original: r } : r,
    ),
    header: spec.header ?? Buffer.from('Subject: test\r\n'),
    body: await sink.end(),
    held: spec.held,
  })
  return id
}

export async function bytesOf(body: BodySource): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body.stream()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Bytes that are the same nowhere, so that a piece in the wrong place shows. */
export function content(size: number): Buffer {
  const out = Buffer.alloc(size)
  let x = 0x2545f491
  for (let i = 0; i < size; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    out[i] = x & 0xff
  }
  return out
}

export const states = (m: QueuedMessage): string[] => m.recipients.map((r) => r.state)
