import { z } from 'zod'

const KINDS = ['dotlock', 'fcntl', 'flock'] as const
export type Lock = (typeof KINDS)[number]

/** How mailbox files are locked, as Postfix's parameter `name` says it; each kind once. */
export const lockOption = (name: string) =>
  z
    .array(z.enum(KINDS))
    .min(1)
    .refine((kinds) => new Set(kinds).size === kinds.length, 'expected each kind once')
    .default(['fcntl', 'dotlock'])
    .describe(`locks of mailbox files (${name}): dotlock, a file beside it; fcntl and flock, the kernel's`)
