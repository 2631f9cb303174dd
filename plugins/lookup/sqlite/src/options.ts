/** Options of an `sqlite` table, in a file or in the configuration. */
import { duration } from '@postern/core'
import { sqlOptions } from '@postern/lookup-kit'
import { z } from 'zod'

export const tableOptions = z.strictObject({
  dbpath: z.string().min(1).describe('the database file'),
  ...sqlOptions,
  timeout: duration()
    .default(10_000)
    .describe('for an answer, the wait for a writer included; the reading process is ended after it'),
})
export type SqliteOptions = z.output<typeof tableOptions>
