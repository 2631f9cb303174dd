/** Every row of the map, with the plugin whose option it gives (empty: the configuration's top level). */
import { optionOf } from '../rows.ts'
import type { Row } from '../rows.ts'
import { CORE } from './core.ts'
import { LOCAL, VIRTUAL } from './mailboxes.ts'
import { clientRows } from './out.ts'
import { REPORTS } from './reports.ts'
import { REWRITING } from './rewriting.ts'
import { ROUTING } from './routing.ts'
import { LISTENER, RELAY } from './smtpd.ts'

export const rowsOf = (): { plugin: string; row: Row; option: string }[] =>
  [
    { plugin: '', rows: CORE },
    { plugin: 'listen-smtp', rows: LISTENER },
    { plugin: 'deliver-smtp', rows: clientRows('smtp') },
    ...[RELAY, VIRTUAL, LOCAL, ...ROUTING, ...REWRITING, ...REPORTS],
  ].flatMap(({ plugin, rows }) => rows.map((row) => ({ plugin, row, option: optionOf(row) })))
