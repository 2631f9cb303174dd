/** The draft that cleanup taps see. */
import type { BodyTier, DraftRecipientView, DraftView, Json, Origin, SessionView, Slots } from '@postern/core'
import { headerView } from './message.ts'
import { mimeParts } from './mime.ts'
import { FakeSlots, fakeMarks } from './slots.ts'
import { ORIGIN } from './views.ts'

export interface DraftSpec<B extends BodyTier> {
  /** header fields: an object, or the text itself */
  readonly header?: Readonly<Record<string, string>> | string
  readonly body?: string
  /** default `headers` */
  readonly tier?: B
  readonly sender?: string
  readonly recipients?: readonly (string | Partial<DraftRecipientView>)[]
  readonly origin?: Origin
  readonly session?: SessionView
  /** those of the transaction: what its taps wrote */
  readonly slots?: Slots
  readonly marks?: Readonly<Record<string, Json>>
  readonly id?: string
}

/** A message from sender@client.example to user@site.example; offers what `tier` says, as the core's own draft does. */
export function draftView<const B extends BodyTier = 'headers'>(spec: DraftSpec<B> = {}): DraftView<B> {
  const header = (typeof spec.header === 'string' ? spec.header : fields(spec.header)).replace(/\r?\n/g, '\r\n')
  const body = (spec.body ?? 'body\n').replace(/\r?\n/g, '\r\n')
  const content = Buffer.from(`${header}\r\n${body}`)
  const tier: BodyTier = spec.tier ?? 'headers'
  const view = {
    id: spec.id ?? 'MSG0000000001',
    origin: spec.origin ?? ORIGIN,
    session: spec.session,
    sender: spec.sender ?? 'sender@client.example',
    recipients: (spec.recipients ?? ['user@site.example']).map(recipient),
    marks: fakeMarks(spec.marks),
    slots: spec.slots ?? new FakeSlots(),
    size: content.length,
    ...(tier !== 'none' && { header: headerView(header) }),
    ...(tier === 'lines' && { lines: () => lines(body) }),
    ...(tier === 'stream' && { stream: () => chunks(Buffer.from(body)) }),
    ...(tier === 'mime' && { parts: () => parts(content.toString()) }),
  }
  return view as unknown as DraftView<B>
}

const DEFAULT = { From: 'sender@client.example', To: 'user@site.example', Subject: 'test' }
const fields = (header: Readonly<Record<string, string>> = DEFAULT): string =>
  Object.entries(header)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')

function recipient(r: string | Partial<DraftRecipientView>): DraftRecipientView {
  const given = typeof r === 'string' ? { address: r } : r
  const address = given.address ?? 'user@site.example'
  return { address, original: address, bcc: false, ...given }
}

async function* lines(body: string): AsyncGenerator<string> {
  const all = body.split('\r\n')
  if (all.at(-1) === '') all.pop()
  yield* all
}
/** Small chunks, so that a tap which thinks that one chunk is a line fails here. */
async function* chunks(body: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += 37) yield body.subarray(at, at + 37)
}
async function* parts(message: string) {
  yield* mimeParts(message)
}
