/** A journal of small segments, and mail for it: for tests, and for children that run without a loader. */
import { logger, silentSink, systemClock } from '@postern/core'
import { JournalStore } from '@postern/queue-journal'

/** `more`: options beside these. It is not started. */
export const smallJournal = (path, more = {}) =>
  new JournalStore({
    path,
    segmentSize: 64 * 1024,
    bodyThreshold: 8 * 1024,
    outcomeSync: 'lazy',
    minFree: 0,
    log: logger(() => silentSink),
    now: () => systemClock.now(),
    ...more,
  })

/** Commits a message with one recipient; the body comes in pieces of 5,000 bytes. Its id, when it is durable. */
export async function commit(store, body) {
  const id = store.newId()
  const sink = store.body()
  for (let at = 0; at < body.length; at += 5000) await sink.write(body.subarray(at, at + 5000))
  await store.commit({
    id,
    envelope: {
      sender: 'anna@client.example',
      origin: { kind: 'smtp', listener: 'mx', session: 's' },
      created: Date.now(),
      smtputf8: false,
      marks: {},
      reason: 'received',
    },
    recipients: [{ address: 'bob@far.example', original: 'bob@far.example' }],
    header: Buffer.from('Subject: step\r\n'),
    body: await sink.end(),
  })
  return id
}
