import type { BodySource, Call, Job } from '@postern/core'
import { gapOf } from '@postern/core'
import { LfStream, toLf } from '@postern/mailboxes'
import { TooLarge, doing } from './faults.ts'
import { writeAll } from './files.ts'

/** Up to this size a message is made once in memory, and written with one call for each recipient. */
const SMALL = 256 * 1024

/** A message with LF line ends, to be written below some lines. */
export interface Content {
  /** Throws FileFault, TooLarge, and what the body throws. */
  write(fd: number, above: Uint8Array): Promise<void>
}

/** `limit`: bytes a file may have; 0 is no limit. */
export function contentOf(job: Job, limit: number, call: Call): Content {
  const header = Buffer.concat([toLf(job.header), toLf(gapOf(job.envelope))])
  const small = job.header.length + job.body.size <= SMALL
  return small ? smallContent(header, job.body, limit) : largeContent(header, job.body, limit, call)
}

function smallContent(header: Buffer, body: BodySource, limit: number): Content {
  let whole: Promise<Buffer> | undefined
  return {
    async write(fd, above) {
      whole ??= readBody(body).then((b) => Buffer.concat([header, b]))
      const bytes = await whole
      if (limit > 0 && above.length + bytes.length > limit) throw new TooLarge()
      await doing('error writing message', writeAll(fd, [above, bytes]))
    },
  }
}
async function readBody(body: BodySource): Promise<Buffer> {
  const lines = new LfStream()
  const parts: Buffer[] = []
  let read = 0
  for await (const chunk of body.bytes ?? body.stream()) {
    read += chunk.length
    parts.push(lines.push(chunk))
  }
  complete(read, body)
  return Buffer.concat([...parts, lines.end()])
}

function largeContent(header: Buffer, body: BodySource, limit: number, call: Call): Content {
  return {
    async write(fd, above) {
      const lines = new LfStream()
      let [read, written] = [0, 0]
      let parts: Uint8Array[] = [above, header]
      let waiting = above.length + header.length
      const flush = async () => {
        call.signal.throwIfAborted()
        written += waiting
        if (limit > 0 && written > limit) throw new TooLarge()
        await doing('error writing message', writeAll(fd, parts))
        parts = []
        waiting = 0
      }
      for await (const chunk of body.bytes ?? body.stream()) {
        read += chunk.length
        const part = lines.push(chunk)
        parts.push(part)
        waiting += part.length
        if (waiting >= SMALL) await flush()
      }
      complete(read, body)
      parts.push(lines.end())
      waiting += parts[parts.length - 1]!.length
      await flush()
    },
  }
}

/** A body that ends early is as bad as a damaged one. */
function complete(read: number, body: BodySource): void {
  if (read !== body.size) throw new Error(`the body has ${read} bytes instead of ${body.size}`)
}
