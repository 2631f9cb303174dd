/**
 * A file of the drop folder: the message (lines end in CRLF), the envelope as JSON, and a footer of fixed length that says
 * how long both are and what their CRC-32 is. The envelope comes last because recipients may stand in the message; a file
 * without a good footer is not finished, or was tampered with.
 */
/** RFC 3461 section 4.1 */
export type DropNotify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY'
export interface DropRecipient {
  readonly address: string
  readonly notify?: readonly DropNotify[]
  /** `addr-type;address`, xtext decoded */
  readonly orcpt?: string
}
/** What the command says of a message. Nothing in here is trusted: who sent it is the file's owner. */
export interface DropEnvelope {
  /** `''` is the null sender; without a domain it gets `myorigin` */
  readonly sender: string
  readonly recipients: readonly (string | DropRecipient)[]
  readonly fullName?: string
  /** for recipients that have none of their own */
  readonly notify?: readonly DropNotify[]
  readonly ret?: 'FULL' | 'HDRS'
  readonly envid?: string
  readonly body?: '7BIT' | '8BITMIME'
  /** a relay's mail (-G): its header is left as it is */
  readonly gateway?: boolean
  /** nothing is delivered: the sender is told by mail where mail for the recipients would go (-bv) */
  readonly verify?: boolean
  /** the sender is told by a mail of its own what became of each recipient at the first attempt (-v) */
  readonly report?: boolean
}
/** `content` is a view into the file's bytes; `envelope` is JSON that nobody has checked yet. */
export interface DropFile {
  readonly content: Uint8Array
  readonly envelope: unknown
}

/** Names of finished files begin with it; the folder's watcher looks at no other. */
export const FINISHED = 'm.'
/** Names of files that are being written begin with it. */
export const UNFINISHED = 't.'

const FOOTER = /^\npostern-drop-1 (\d{12}) (\d{8}) ([0-9a-f]{8})\n$/
const FOOTER_LENGTH = 47
/** bytes of envelope and footer that a file may have beside the message */
export const ENVELOPE_LIMIT = 16 * 1024 * 1024
/** characters of an address */
export const ADDRESS_LIMIT = 4096
export const RECIPIENTS_LIMIT = 100_000
/** of a call that verifies */
export const VERIFY_LIMIT = 1000
/** characters of a full name */
export const NAME_LIMIT = 1000

/** What stands behind the message. `crc` and `length` are the message's. */
export function trailer(envelope: DropEnvelope, length: number, crc: number): Uint8Array {
  const json = Buffer.from(JSON.stringify(envelope))
  const sum = crc32(json, crc).toString(16).padStart(8, '0')
  const sizes = `${String(length).padStart(12, '0')} ${String(json.length).padStart(8, '0')}`
  return Buffer.concat([json, Buffer.from(`\npostern-drop-1 ${sizes} ${sum}\n`)])
}

/** `undefined` when these bytes are not a finished file. */
export function readDrop(bytes: Uint8Array, crcOf: (bytes: Uint8Array) => number = crc32): DropFile | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const footer = FOOTER.exec(all.subarray(-FOOTER_LENGTH).toString('latin1'))
  if (!footer) return undefined
  const length = Number(footer[1])
  const signed = length + Number(footer[2])
  if (signed + FOOTER_LENGTH !== all.length) return undefined
  if (crcOf(all.subarray(0, signed)) !== parseInt(footer[3]!, 16)) return undefined
  try {
    const envelope: unknown = JSON.parse(all.subarray(length, signed).toString('utf8'))
    return { content: all.subarray(0, length), envelope }
  } catch {
    // a right checksum over something else than JSON: made by hand
    return undefined
  }
}

let table: Uint32Array | undefined

/**
 * CRC-32 as zlib.crc32 computes it (loading node:zlib would cost each call of the command 5 ms); `crc` is the value of what
 * came before.
 */
export function crc32(bytes: Uint8Array, crc = 0): number {
  table ??= makeTable()
  let c = ~crc
  for (let i = 0; i < bytes.length; i++) c = (c >>> 8) ^ table[(c ^ bytes[i]!) & 255]!
  return ~c >>> 0
}
const makeTable = (): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    return c
  })
