/** The content for one server: as it is queued, or for 7 bits only (RFC 6152 section 3). */
import type { BodySource, Job } from '@postern/core'
import { gapOf } from '@postern/core'
import { Downgrade } from '@postern/mime'
import type { MimeLimits } from '@postern/mime'
import type { MessageFacts } from './envelope.ts'
import type { Features } from './features.ts'
import type { Content } from './transaction.ts'

export interface ContentOptions {
  /** `disable_mime_output_conversion`: 8-bit parts go to any server as they are */
  readonly unconverted: boolean
  /** `detect_8bit_encoding_header`: the label 8bit or binary counts more than the client's BODY=7BIT */
  readonly detect: boolean
  readonly mime: MimeLimits
  /** bytes of a line; 0: any number */
  readonly lineLimit: number
}
/** Up to this size what is in memory is converted before the first command. */
const AT_ONCE = 65_536

/** Throws MimeTooDeep. */
export function contentFor(job: Job, facts: MessageFacts, features: Features, o: ContentOptions): Content {
  const { lineLimit } = o
  const gap = gapOf(job.envelope)
  const asItIs = { header: facts.header, gap, body: job.body, lineLimit, sized: true }
  const isDeclared = job.envelope.body === '7BIT' && !o.detect
  if (features.eightBit || o.unconverted || isDeclared) return asItIs
  const downgrade = new Downgrade(facts.header, o.mime)
  const { header, needed } = downgrade
  if (needed) return { header, gap, body: converted(job.body, downgrade), lineLimit, sized: false }
  // Postfix tells no size of what it may have to convert, and it knows only from BODY=7BIT that it has not
  return { ...asItIs, header, sized: job.envelope.body === '7BIT' }
}

function converted(body: BodySource, downgrade: Downgrade): BodySource {
  if (body.bytes && body.size <= AT_ONCE) {
    const bytes = [...body.bytes.flatMap((chunk) => downgrade.chunk(chunk)), ...downgrade.end()]
    return {
      size: bytes.reduce((sum, { length }) => sum + length, 0),
      bytes,
      async *stream() {
        yield* bytes
      },
    }
  }
  return {
    // as queued: how much it will be shows only at the end
    size: body.size,
    async *stream() {
      for await (const chunk of body.stream()) yield* downgrade.chunk(chunk)
      yield* downgrade.end()
    },
  }
}
