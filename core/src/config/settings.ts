/** The top level of a configuration, checked. */
import path from 'node:path'
import type { Site } from '../contract/plugin.ts'
import type { Problem } from '../errors.ts'
import { checkOptions } from './check.ts'
import type { LoadedConfig } from './load.ts'
import { configSchema } from './schema.ts'
import type { Settings } from './schema.ts'
import { domainOf } from './substitute.ts'

export function checkSettings(loaded: LoadedConfig): { settings?: Settings; problems: Problem[] } {
  const raw = Object.fromEntries(Object.entries(loaded.values).map(([k, v]) => [k, v.value]))
  const { value, problems } = checkOptions(configSchema, { ...raw, plugins: [] }, { file: loaded.file, path: '' })
  const placed = problems.map((p) => ({ ...p, file: loaded.values[p.path.split(/[.[]/)[0]!]?.file ?? p.file }))
  if (!value) return { problems: placed }
  const myhostname = value.myhostname
  // the default of myorigin is a reference; defaults are not substituted
  const myorigin = value.myorigin === '$myhostname' ? myhostname : value.myorigin
  const spool = path.resolve(loaded.folder, value.spool)
  return { settings: { ...value, mydomain: value.mydomain ?? domainOf(myhostname), myorigin, spool }, problems: placed }
}
export const siteOf = (s: Settings, worker: Site['worker'] = { index: 0, count: 1 }): Site => ({
  worker,
  myhostname: s.myhostname,
  mydomain: s.mydomain,
  myorigin: s.myorigin,
  mailName: s.mailName,
  recipientDelimiter: s.recipientDelimiter,
  spool: s.spool,
  messageSizeLimit: s.messageSizeLimit,
  enableOriginalRecipient: s.enableOriginalRecipient,
  headerSizeLimit: s.headerSizeLimit,
  recipientLimit: s.recipientLimit,
  hopcountLimit: s.hopcountLimit,
  softBounce: s.softBounce,
  bounceSizeLimit: s.bounceSizeLimit,
  delayWarningTime: s.delayWarningTime,
  maximalQueueLifetime: s.maximalQueueLifetime,
})
