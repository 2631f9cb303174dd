/** Options in Postfix's names (ETRN_README). */
import { isIP } from 'node:net'
import { duration, tableRef } from '@postern/core'
import { z } from 'zod'

const domain = z.string().regex(/^!?\.?[^\s:,/!]+$/, 'expected a domain')
const network = z.string().refine(isNetwork, 'expected a network like 192.0.2.0/24 or 2001:db8::/32')

export const options = z.strictObject({
  fastFlushDomains: z
    .array(z.union([tableRef(), domain], 'expected a domain or a table (type:name)'))
    .optional()
    .describe('domains whose mail may be asked for, with their subdomains; default: those of the relay class'),
  etrnNetworks: z
    .array(network)
    .default(['0.0.0.0/0', '::/0'])
    .describe('clients that may say ETRN; all others get 554 Access denied'),
  smtpdHeloRequired: z.boolean().default(false).describe('refuse ETRN before HELO or EHLO'),
  fastFlushRefreshTime: duration()
    .prefault('12h')
    .describe('how often the record of waiting mail is compared with the queue; 0: only at the start'),
  fastFlushRecordLimit: z
    .int()
    .nonnegative()
    .default(100_000)
    .describe('messages kept in the record, each counted once for each of its sites; beyond it ETRN reads the queue'),
})
export type Options = z.output<typeof options>
export type DomainEntry = NonNullable<Options['fastFlushDomains']>[number]

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  return family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128)
}
