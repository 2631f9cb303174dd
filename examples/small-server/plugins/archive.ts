/** A delivery: messages are appended to one file a month, one after the other, each with its length in front. */
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { definePlugin, delivered, routeTo } from '@postern/core'
import type { Job } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'archive',
  options: z.strictObject({
    folder: z.string().default('archive').describe('where the files are, relative to the configuration file'),
    address: z.string().describe('the address whose mail is archived'),
  }),
  apply(mta, options) {
    const folder = path.resolve(mta.folder, options.folder)
    const name = mta.as ?? 'archive'
    mta.resolve.tap({ phase: 'early' }, (view) => (view.recipient.text === options.address ? routeTo(name) : undefined))
    mta.deliver(name, {
      // one writer: two messages must not mix
      limits: { concurrency: 1 },
      deliver: async (job, call) => {
        await mkdir(folder, { recursive: true })
        const file = path.join(folder, `${new Date(call.clock.now()).toISOString().slice(0, 7)}.archive`)
        await append(file, job)
        return job.all(delivered('2.0.0', `archived in ${path.basename(file)}`))
      },
    })
  },
})

/** All or nothing: a message that could not be written whole is cut off again. */
async function append(file: string, job: Job): Promise<void> {
  const handle = await open(file, 'a')
  const { size } = await handle.stat()
  try {
    await handle.write(`${job.messageId} ${job.header.length + 2 + job.body.size}\n`)
    await handle.write(job.header)
    await handle.write('\r\n')
    for await (const chunk of job.body.stream()) await handle.write(chunk)
    await handle.datasync()
  } catch (error) {
    await handle.truncate(size)
    throw error
  } finally {
    await handle.close()
  }
}
