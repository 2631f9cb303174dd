/** The configuration's top level. Everything else belongs to the plugins. */
import { z } from 'zod'
import { duration, needsRestart, parseDuration, size } from '../contract/options.ts'

const names = z.union([z.string(), z.array(z.string())])
const text = (about: string) => z.string().min(1).describe(about)

const characters = () =>
  z
    .string()
    .regex(/^[^\u0100-\u{10ffff}]*$/u, 'expected bytes, each as a character')
    .default('')
const feedback = (normal: string) =>
  z
    .union([z.number().nonnegative().transform(String), z.string()])
    .default(normal)
    .refine((v) => /^\d+(\.\d+)?(\s*\/\s*(sqrt_)?concurrency)?$/.test(v), {
      message: 'expected a number, number/concurrency or number/sqrt_concurrency',
    })

const within = (least: string, most: string, normal: string) =>
  duration()
    .refine((ms) => ms >= parseDuration(least) && ms <= parseDuration(most), {
      message: `expected from ${least} to ${most}`,
    })
    .prefault(normal)

const users = z.strictObject({
  minimumUid: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe(
      'the lowest user id that is delivered for (virtual_minimum_uid); root has a mailbox in mailSpools at most',
    ),
  mailSpools: z
    .array(z.string().regex(/^\/.*[^/]$/, 'expected an absolute path without a slash at its end'))
    .default(['/var/mail', '/var/spool/mail'])
    .describe(
      "folders of users' mailbox files, where a user's own is reached with the folder's group or made by root (mail_spool_directory)",
    ),
  processes: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('helpers at a time; each is started when it is needed'),
  programs: z.number().int().min(1).max(1000).default(25).describe('programs of users that one helper runs at a time'),
  strict: z
    .boolean()
    .default(false)
    .describe('started as root: deliver by a process for each user that has dropped root for good, kept for a minute'),
  strictProcesses: z.number().int().min(1).max(1000).default(20).describe('such processes at a time'),
  deadline: within('1s', '1d', '60s').describe('time without a sign of life after which a helper is killed'),
})

export const configSchema = z.strictObject({
  extends: names.optional().describe('presets and configuration files this one builds on, first to last'),
  include: names.optional().describe('configuration files merged over this one, first to last'),
  vars: z.record(z.string(), z.unknown()).optional().describe('values of your own, to be used as $name'),
  myhostname: text('the internet host name of this system').default('localhost'),
  mydomain: text('the domain of this system; default: myhostname without its first label').optional(),
  myorigin: text('the domain that addresses without one get').default('$myhostname'),
  mailName: text('the product name in the banner and in Received').default('Postern'),
  recipientDelimiter: z
    .string()
    .max(8)
    .default('')
    .describe('characters that set a user name apart from its extension, e.g. +'),
  spool: needsRestart(
    text('folder of the queue and of what else must last, relative to the configuration file').default('var/spool'),
  ),
  messageSizeLimit: size().prefault(10_240_000).describe('bytes a message may have, header included; 0: no limit'),
  headerSizeLimit: size().prefault(102_400).describe('bytes that one header field may have; what is longer is cut'),
  cleanupReplaceStrayCrLf: z
    .boolean()
    .default(true)
    .describe(
      'a CR inside a line becomes a blank: what another server would take for the end of a line smuggles nothing',
    ),
  messageRejectCharacters: characters().describe('bytes that no message may have, each as a character, e.g. "\\u0000"'),
  messageStripCharacters: characters().describe('bytes that are taken out of every message, each as a character'),
  enableOriginalRecipient: z
    .boolean()
    .default(true)
    .describe('keep the recipient as it came: X-Original-To, orig_to in the log, a copy for each alias of one mailbox'),
  recipientLimit: z
    .number()
    .int()
    .positive()
    .default(1000)
    .describe('recipients one message may have (smtpd_recipient_limit)'),
  hopcountLimit: z
    .number()
    .int()
    .positive()
    .default(50)
    .describe('Received headers at which a message is taken for a loop'),
  bounceSizeLimit: size().prefault(50_000).describe('bytes of the original message that a bounce returns'),
  minimalBackoffTime: duration().prefault('300s').describe('the shortest wait between attempts'),
  maximalBackoffTime: duration().prefault('4000s').describe('the longest wait between attempts'),
  maximalQueueLifetime: duration().prefault('5d').describe('age at which mail that cannot be delivered is returned'),
  bounceQueueLifetime: duration().prefault('5d').describe('the same for mail from the null sender'),
  workers: z
    .union([z.number().int().min(1).max(64), z.literal('auto')])
    .default(1)
    .describe('processes that share the work, each with a part of the queue of its own; auto: one per processor'),
  user: z
    .string()
    .min(1)
    .optional()
    .describe('the user that workers run as when the daemon is started by root; the primary stays root'),
  users: users
    .prefault({})
    .describe('the helper that delivers with the rights of users of the system; a reload starts new ones'),
  deliverLockAttempts: z.number().int().positive().default(20).describe('tries for the lock of a mailbox file'),
  deliverLockDelay: within('0s', '1h', '1s').describe('wait between two of them'),
  staleLockTime: within('1s', '1w', '500s').describe('age at which a lock file is nobody’s any more and is removed'),
  delayWarningTime: duration()
    .prefault(0)
    .describe('age at which the sender is told that mail is delayed, once; 0: never'),
  deferTransports: z
    .array(z.string())
    .default([])
    .describe('transports whose mail is kept until somebody flushes the queue'),
  softBounce: z
    .boolean()
    .default(false)
    .describe('a safety net while testing: mail that would be returned stays in the queue, and 5xx replies become 4xx'),
  inFlowDelay: duration()
    .prefault('1s')
    .describe(
      'how long a client waits for its 250 at most while mail arrives faster than it is delivered, or over 4 MiB of it is in memory and the process has no idle moment; 0: not at all',
    ),
  initialDestinationConcurrency: z
    .number()
    .int()
    .positive()
    .default(5)
    .describe('deliveries at a time to a next hop that nothing is known of'),
  defaultDestinationConcurrencyPositiveFeedback: feedback('1').describe(
    'how much a delivery that found its site widens the window: a number, number/concurrency or number/sqrt_concurrency',
  ),
  defaultDestinationConcurrencyNegativeFeedback: feedback('1').describe(
    'how much one that did not narrows it, in the same form',
  ),
  defaultDestinationConcurrencyFailedCohortLimit: z
    .number()
    .nonnegative()
    .default(1)
    .describe('windows full of failures in a row after which a site counts as dead; 0: never'),
  defaultDestinationRateDelay: duration()
    .prefault(0)
    .describe('wait between two deliveries to one next hop; more than 0: one delivery at a time'),
  defaultDestinationConcurrencyLimit: z
    .number()
    .int()
    .positive()
    .default(20)
    .describe('deliveries at a time to one next hop of one transport'),
  defaultProcessLimit: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe('deliveries at a time of one transport, over all its next hops'),
  processLimits: z
    .record(z.string(), z.number().int().nonnegative())
    .default({})
    .describe("the same for single transports, by name (master.cf's maxproc); 0: no limit"),
  defaultDestinationRecipientLimit: z.number().int().positive().default(50).describe('recipients of one delivery'),
  qmgrMessageActiveLimit: z.number().int().positive().default(20_000).describe('messages in memory for delivery'),
  qmgrMessageRecipientLimit: z
    .number()
    .int()
    .positive()
    .default(20_000)
    .describe('recipients in memory for delivery, over all messages'),
  virtualAliasRecursionLimit: z.number().int().positive().default(1000).describe('how deep an address may be expanded'),
  virtualAliasExpansionLimit: z
    .number()
    .int()
    .positive()
    .default(1000)
    .describe('addresses that one recipient may become'),
  allowMinUser: z
    .boolean()
    .default(false)
    .describe('may an address begin with "-"? A program that gets it as an argument would take it for an option'),
  smtpdDelayReject: z
    .boolean()
    .default(true)
    .describe('keep refusals of connect, HELO and MAIL until RCPT, so that the log tells who was refused'),
  faultLimit: z
    .number()
    .int()
    .positive()
    .default(10)
    .describe('faults in a row after which a tap is left alone for a while'),
  faultPause: duration().prefault('30s').describe('how long it is left alone'),
  drainTimeout: duration()
    .prefault('30s')
    .describe('how long sessions and deliveries may take to end at stop and reload'),
  plugins: z.array(z.unknown()).describe('the plugins in use, in order'),
})
export type Settings = Omit<z.output<typeof configSchema>, 'extends' | 'include' | 'vars' | 'plugins' | 'mydomain'> & {
  readonly mydomain: string
}

/** A configuration as a person writes it. */
export type Config = Partial<z.input<typeof configSchema>>
/** Gives a TypeScript configuration its types. */
export const defineConfig = (config: Config): Config => config
/** A preset is a configuration that others extend. */
export const definePreset = defineConfig
