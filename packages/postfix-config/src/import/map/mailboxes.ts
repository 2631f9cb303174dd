/** Mailboxes: local(8)'s and virtual(8)'s. */
import { lower, whenSet } from './conversions.ts'
import { literal } from '../reader.ts'
import { always, rows } from '../rows.ts'
import type { Mapping } from '../rows.ts'
import type { Reader } from '../reader.ts'

const oneTable = (r: Reader, name: string): unknown => {
  const tables = r.tables(name)
  if (tables.length === 0) return undefined
  if (tables.length === 1) return tables[0]
  return `unionmap:{${r.text(name)}}`
}

export const VIRTUAL: Mapping = {
  plugin: 'deliver-maildir',
  fixed: { returnOverQuota: true, refuseLoops: false },
  rows: [
    ...always(
      ['virtual_mailbox_base', (r, name) => literal(r.text(name)) || '/', 'mailboxBase'],
      // without a table nobody has a mailbox
      ['virtual_mailbox_maps', (r, name) => oneTable(r, name) ?? { type: 'inline', map: {} }],
      ['virtual_uid_maps', oneTable],
      ['virtual_gid_maps', oneTable],
    ),
    ...rows(['virtual_minimum_uid', 'count'], ['virtual_mailbox_limit', 'size'], ['virtual_mailbox_lock', lower]),
  ],
}
export const LOCAL: Mapping = {
  plugin: 'deliver-mbox',
  fixed: { returnOverQuota: true, returnFaults: true },
  rows: [
    ...always(['mail_spool_directory', 'text']),
    ...rows(['home_mailbox', whenSet], ['mailbox_size_limit', 'size'], ['mailbox_delivery_lock', lower]),
  ],
}
