/** Cases by chance: settings of one or two kinds, and what a client says. Recorded and replayed as any other. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaseSpec, SinkSpec } from '../cases.ts'
import { dialogue } from './dialogue.ts'
import { Pick } from './pick.ts'
import { SETTINGS } from './words.ts'

const FAR = { addr: '127.0.0.8' }
/** Next hops offer less, and refuse, where that is what a case is about. */
function sinks(pick: Pick, kinds: readonly string[]): Readonly<Record<string, SinkSpec>> {
  const ehlo = kinds.some((kind) => kind === 'msg' || kind === 'route') && pick.one(OFFERS)
  const replies = kinds.some((kind) => kind === 'bounce' || kind === 'cli') && pick.one(REPLIES)
  return { hub: { addr: '127.0.0.9', ...(ehlo && { ehlo }), ...(replies && { replies }) }, far: FAR }
}
const OFFERS: readonly SinkSpec['ehlo'][] = [
  undefined,
  [],
  ['PIPELINING', '8BITMIME'],
  ['PIPELINING', 'SIZE 3000', 'DSN'],
  ['8BITMIME', 'SMTPUTF8', 'DSN'],
]
const REPLIES: readonly SinkSpec['replies'][] = [
  undefined,
  { 'RCPT x@remote.example': '550 5.1.1 no such user' },
  { 'RCPT remote.example': '450 4.2.1 later', 'MAIL <>': '550 5.7.1 no reports' },
  { '.': '554 5.6.0-bad content\n554 5.6.0 of this kind' },
  { DATA: '452 4.3.1 full' },
]
/** what all of them have: a domain of each class, mail for elsewhere at a next hop, no alias that only local(8) knows */
const COMMON: readonly (readonly [string, string])[] = [
  ['relayhost', '[127.0.0.9]'],
  ['alias_maps', ''],
  ['virtual_alias_domains', 'va.example'],
  [
    'virtual_alias_maps',
    'inline:{{info@va.example = rich@postern.example}, {list@va.example = x@remote.example katie}}',
  ],
  ['virtual_mailbox_domains', 'vm.example'],
  ['virtual_mailbox_maps', 'inline:{{rich@vm.example = vm/rich}, {katie@vm.example = vm/katie/}}'],
  ['virtual_mailbox_base', '@DIR@/vmail'],
  ['virtual_uid_maps', 'static:5000'],
  ['virtual_gid_maps', 'static:5000'],
  ['relay_domains', 'relay.example'],
]

/** Writes cases `gen-SEED`, one for each seed from `seed` on; the folders. */
export function generate(into: string, seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const folder = join(into, `gen-${seed + i}`)
    const pick = new Pick(seed + i)
    const kinds = [...new Set(pick.some(Object.keys(SETTINGS), 1, 2))]
    const chosen = kinds.flatMap((kind) => pick.some(SETTINGS[kind]!, 2, 5))
    const main = new Map([...COMMON, ...chosen.map(([name, value]) => [name, value(pick)] as const)])
    const spec: CaseSpec = {
      needs: ['tools'],
      title: `generated: ${kinds.join(', ')}`,
      sinks: sinks(pick, kinds),
      addresses: ['192.0.2.10'],
    }
    mkdirSync(join(folder, 'etc'), { recursive: true })
    writeFileSync(join(folder, 'etc/main.cf'), [...main].map(([name, value]) => `${name} = ${value}\n`).join(''))
    writeFileSync(join(folder, 'case.json'), `${JSON.stringify(spec, null, 1)}\n`)
    writeFileSync(join(folder, 'dialogue.json'), `${JSON.stringify({ actions: dialogue(pick, kinds) }, null, 1)}\n`)
    return folder
  })
}
