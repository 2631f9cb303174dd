import { z } from 'zod'

export const options = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('lines below this level are not written'),
  format: z
    .enum(['auto', 'pretty', 'json'])
    .default('auto')
    .describe('pretty: aligned columns for people; json: one object a line; auto: pretty when stdout is a terminal'),
  file: z.string().min(1).default('-').describe('file to append to, or - for stdout'),
  redact: z
    .array(z.string().regex(/^[\w-]+(\.[\w-]+)*$/, 'expected a field name like user or client.address'))
    .default([])
    .describe('fields whose value is replaced by (redacted); names of passwords and secrets always are'),
})
export type Options = z.output<typeof options>
