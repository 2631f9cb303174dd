/** What the accounting of copies excuses and what it does not: ends, lines of the log and the sink's notes by their times. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { account } from './support/accounting.ts'
import { Sink } from './support/sink.ts'
import type { MtaProcess } from '@postern/testkit'
import type { Ending } from './support/accounting.ts'
import type { Acknowledgements } from './support/load.ts'

const FROM = Date.UTC(2026, 0, 1)
const UNPROCESSED = "the sink's reply had not been processed at the kill"
const ON_ITS_WAY = 'its outcome was on its way to the disk at the kill'
const UNSYNCED = 'its outcome was not synced at the cut'
const REFUSED = 'its outcome could not be written, the disk refused'
const UNREPORTED = 'the report of its refusal had not been stored at the kill'

/** All times in ms from the same moment. */
interface Case {
  readonly what: string
  /** when the sink noted a copy */
  readonly sink: readonly number[]
  /** when the log told of a delivery */
  readonly log: readonly number[]
  readonly kills: readonly number[]
  /** they were power cuts; or from when on the disk had refused writes */
  readonly cut?: true
  readonly since?: number
  /** for so long the process had stood still before its end */
  readonly stood?: number
  /** of other messages: when they were begun, and acknowledged */
  readonly acks?: readonly (readonly [number, number])[]
  /** those were another part's */
  readonly elsewhere?: true
  /** the sink refused each; when the log told that the report of it was stored */
  readonly reports?: readonly number[]
  readonly causes: readonly (string | undefined)[]
  /** what an unexplained one tells of the daemon's life behind it */
  readonly behind?: string
}
const cases: Case[] = [
  { what: 'one copy', sink: [100], log: [101], kills: [200], causes: [] },
  { what: 'killed before it told', sink: [100, 900], log: [901], kills: [120], causes: [UNPROCESSED] },
  { what: 'noted after the kill', sink: [111, 2300], log: [2301], kills: [100, 2700], causes: [UNPROCESSED] },
  {
    what: 'noted after the kill, and the next copy after its line',
    sink: [111, 2284],
    log: [2271],
    kills: [100, 2687],
    causes: [UNPROCESSED],
  },
  { what: 'told, and killed at once', sink: [100, 900], log: [102, 901], kills: [140], causes: [ON_ITS_WAY] },
  {
    what: 'told as long before the kill as may be',
    sink: [100, 900],
    log: [102, 901],
    kills: [202],
    causes: [ON_ITS_WAY],
  },
  { what: 'told longer before the kill', sink: [100, 900], log: [102, 901], kills: [203], causes: [undefined] },
  { what: 'told long before the kill', sink: [100, 1900], log: [102, 1901], kills: [800], causes: [undefined] },
  { what: 'twice in one life', sink: [1000, 1900], log: [1002, 1901], kills: [700], causes: [undefined] },
  { what: 'twice in one life, late notes', sink: [1000, 1900], log: [1002, 1880], kills: [700], causes: [undefined] },
  { what: 'no kill at all', sink: [100, 900], log: [101, 901], kills: [], causes: [undefined] },
  {
    what: 'three copies, two kills',
    sink: [100, 1100, 2100],
    log: [2101],
    kills: [150, 1150],
    causes: [UNPROCESSED, UNPROCESSED],
  },
  { what: 'not read for too long', sink: [100, 6900], log: [6901], kills: [5101], causes: [undefined] },
  { what: 'no report yet', sink: [100, 6900], log: [101, 6901], kills: [5100], reports: [], causes: [UNREPORTED] },
  { what: 'no report for too long', sink: [100, 6900], log: [6901], kills: [5101], reports: [], causes: [undefined] },
  { what: 'reported, told', sink: [100, 900], log: [105, 901], kills: [140], reports: [104], causes: [ON_ITS_WAY] },
  { what: 'told, stood still', sink: [100, 900], log: [102, 901], kills: [400], stood: 300, causes: [ON_ITS_WAY] },
  {
    what: 'told, stood still too short',
    sink: [100, 900],
    log: [102, 901],
    kills: [600],
    stood: 300,
    causes: [undefined],
  },
  { what: 'told, and cut', sink: [100, 900], log: [102, 901], kills: [300], cut: true, causes: [UNSYNCED] },
  {
    what: 'told, and cut a second later: nothing was synced meanwhile',
    sink: [100, 2900],
    log: [102, 2901],
    kills: [1100],
    cut: true,
    acks: [[150, 1000]],
    causes: [UNSYNCED],
  },
  {
    what: 'told, and cut: a commit behind it was acknowledged',
    sink: [100, 900],
    log: [102, 901],
    kills: [400],
    cut: true,
    acks: [[203, 399]],
    causes: [undefined],
    behind: 'told none; acknowledged +297; of these begun behind it +101',
  },
  {
    what: 'told, and cut: a commit behind it was acknowledged in another part',
    sink: [100, 900],
    log: [102, 901],
    kills: [400],
    cut: true,
    acks: [[203, 399]],
    elsewhere: true,
    causes: [UNSYNCED],
  },
  {
    what: 'told, and cut after longer than a machine stands still',
    sink: [100, 9900],
    log: [102, 9901],
    kills: [5200],
    cut: true,
    causes: [undefined],
  },
  {
    what: 'told a second before the disk refused, in its last sync',
    sink: [100, 9900],
    log: [102, 9901],
    kills: [7500],
    since: 1100,
    acks: [[50, 1050]],
    causes: [REFUSED],
  },
  {
    what: 'told a second before the disk refused: a commit behind it was acknowledged',
    sink: [100, 9900],
    log: [102, 9901],
    kills: [7500],
    since: 1100,
    acks: [[250, 1050]],
    causes: [undefined],
  },
  {
    what: 'told while the disk refused',
    sink: [100, 9900],
    log: [102, 9901],
    kills: [7500],
    since: 90,
    causes: [REFUSED],
  },
  { what: 'reported long ago', sink: [100, 900], log: [105, 901], kills: [800], reports: [104], causes: [undefined] },
]
/** As the journal makes them. */
const idOf = (ms: number, part: number): string =>
  ((BigInt(ms - Date.UTC(2020, 0, 1)) << 23n) | (BigInt(part) << 11n)).toString(32).toUpperCase().padStart(13, '0')
for (const c of cases)
  test(c.what, async () => {
    const one = { token: 't', id: '0000000000001', at: FROM }
    const others = (c.acks ?? []).map(([begun, at], n) => ({
      token: `a${n}`,
      id: idOf(FROM + begun, c.elsewhere ? 1 : 0),
      at: FROM + at,
    }))
    const copies = c.sink.map((at) => ({ ...one, at: FROM + at, taken: !c.reports, report: false, intact: true }))
    for (const { token, id } of others)
      copies.push({ token, id, at: FROM + 9999, taken: true, report: false, intact: true })
    // of what is refused the report comes, under an id of its own
    const report = { ...one, id: '0000000000002', at: FROM + 9000, taken: true, report: true, intact: true }
    const ended = c.reports ? [...copies, report] : copies
    const told = (event: string, times: readonly number[] = []) =>
      times.map((at) => ({ event, fields: { id: one.id, time: new Date(FROM + at).toISOString() } }))
    const log = [...told(c.reports ? 'deliver.bounced' : 'deliver.sent', c.log), ...told('report.sent', c.reports)]
    const since = c.since === undefined ? undefined : FROM + c.since
    const endings = c.kills.map((at): Ending => ({
      kind: c.cut ? 'cut' : 'kill',
      at: FROM + at,
      since,
      stood: c.stood,
    }))
    const acks = { all: new Map([one, ...others].map((ack) => [ack.token, ack])) } as unknown as Acknowledgements
    const seen = await account(acks, { ended } as unknown as Sink, { log } as unknown as MtaProcess, endings)
    assert.equal(
      seen.duplicates.map((d) => d.cause),
      c.causes,
    )
    if (c.behind) assert.ok(seen.duplicates[0]!.evidence.endsWith(c.behind), seen.duplicates[0]!.evidence)
  })

/** Offers a message that takes the sink long to look at, and tells when the reply was read. */
const CLIENT = `
  const { parentPort, workerData } = require('node:worker_threads')
  const socket = require('node:net').connect(workerData, '127.0.0.1')
  const words = 't '.repeat(2_000_000)
  socket.setEncoding('latin1').on('data', (text) => {
    if (text.startsWith('220')) socket.write('DATA\\r\\n')
    else if (text.startsWith('354')) socket.write('X-Token: t\\r\\n\\r\\n' + words + '\\r\\n.\\r\\n')
    else if (text.startsWith('250')) {
      parentPort.postMessage(Date.now())
      socket.destroy()
    }
  })`
test('the sink notes no reply later than it can be read', async () => {
  const sink = await new Sink().listen()
  try {
    const client = new Worker(CLIENT, { eval: true, workerData: sink.port })
    const [read] = (await once(client, 'message')) as [number]
    await client.terminate()
    assert.is(sink.ended.length, 1)
    assert.ok(sink.ended[0]!.at <= read, `noted ${sink.ended[0]!.at - read} ms after it was read`)
  } finally {
    await sink.stop()
  }
})
test.run()
