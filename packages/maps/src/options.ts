/** Option types for lists of domains and networks. */
import { tableRef } from '@postern/core'
import { z } from 'zod'
import { parseNetwork } from './cidr.ts'

const domain = z.string().regex(/^!?\.?[^\s:,/!]+$/, 'expected a domain')
/** Domains, `.domain` (its subdomains), `!domain` (not this one), tables whose keys are domains: for `domainList`. */
export const domainsOption = () => z.array(z.union([tableRef(), domain], 'expected a domain or a table (type:name)'))

const network = z.string().superRefine((text, context) => {
  const parsed = parseNetwork(text)
  if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem })
})
/** Networks, `!network`, tables of addresses: for `networks`. A network may look like a table (`::1`), so those are tried first. */
export const networksOption = () =>
  z.array(z.union([network, tableRef()], 'expected a network (192.0.2.0/24, [2001:db8::]/32), !network or a table'))
