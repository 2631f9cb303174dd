import type { Job, UserContent } from '@postern/core'
import { gapOf } from '@postern/core'
import { LfStream, toLf } from './lines.ts'

/** A job's message with LF line ends, as the helper for users is given it. Throws what the body throws, and when it ends early. */
export function userContentOf(job: Pick<Job, 'envelope' | 'header' | 'body'>): UserContent {
  return {
    async *stream() {
      const { body } = job
      const lines = new LfStream()
      let read = 0
      yield toLf(Buffer.concat([job.header, gapOf(job.envelope)]))
      for await (const chunk of body.bytes ?? body.stream()) {
        read += chunk.length
        yield lines.push(chunk)
      }
      // a body that ends early is as bad as a damaged one
      if (read !== body.size) throw new Error(`the body has ${read} bytes instead of ${body.size}`)
      yield lines.end()
    },
  }
}
