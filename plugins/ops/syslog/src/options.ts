import { duration } from '@postern/core'
import { z } from 'zod'
import { FACILITIES } from './priority.ts'

const name = z.string().regex(/^[^\s[\]:]+$/, 'expected a name without spaces, colons and brackets')
const service = z.strictObject({
  program: name
    .optional()
    .describe("the program that Postfix's line would be from: smtpd, smtp, lmtp, pipe, local ..."),
  syslogName: name.optional().describe('in place of syslogName, as -o syslog_name in master.cf'),
})

export const options = z
  .strictObject({
    maillogFile: z.string().default('').describe('file to append to, or /dev/stdout; empty: to syslog'),
    maillogFilePrefixes: z
      .array(z.string().min(1))
      .default(['/var', '/dev/stdout'])
      .describe('folders below which maillogFile must be, or the file itself'),
    syslogName: name.default('postfix').describe('before the slash in postfix/smtpd'),
    syslogFacility: z.enum(FACILITIES).default('mail').describe('facility of lines that go to syslog'),
    syslogSocket: z.string().min(1).default('/dev/log').describe("the log daemon's socket"),
    services: z
      .record(z.string(), service)
      .default({})
      .describe('how single listeners and transports are called in the log, by name'),
    smtpdTlsLoglevel: z.number().int().min(0).max(4).default(0).describe('1 and above: a line for each TLS client'),
    smtpTlsLoglevel: z.number().int().min(0).max(4).default(0).describe('1 and above: a line for each TLS server'),
    anvilRateTimeUnit: duration().default(60_000).describe('the time over which connections are counted'),
    anvilStatusUpdateTime: duration()
      .default(600_000)
      .describe('how often the most connections and the highest rate are told; 0: never'),
    delayLoggingResolutionLimit: z
      .number()
      .int()
      .min(0)
      .max(6)
      .default(2)
      .describe('digits behind the decimal point in delay= and delays='),
  })
  .superRefine((o, context) => {
    if (o.maillogFile === '' || o.maillogFilePrefixes.some((prefix) => isBelow(o.maillogFile, prefix))) return
    context.addIssue({
      code: 'custom',
      path: ['maillogFile'],
      message: `${o.maillogFile} is below none of maillogFilePrefixes (${o.maillogFilePrefixes.join(', ')})`,
    })
  })
export type Options = z.output<typeof options>

const isBelow = (file: string, prefix: string): boolean =>
  file === prefix || file.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
