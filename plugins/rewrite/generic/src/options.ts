/** Options in Postfix's names (generic(5)). */
import { tableRef } from '@postern/core'
import { z } from 'zod'

const tables = () => z.array(tableRef()).default([])

export const options = z.strictObject({
  smtpGenericMaps: tables().describe('tables of addresses and what they become in mail that leaves over SMTP'),
  lmtpGenericMaps: tables().describe('the same for mail that leaves over LMTP'),
  propagateUnmatchedExtensions: z
    .boolean()
    .default(false)
    .describe('does user+ext become other+ext where only user was found?'),
})
