/**
 * Writes down each outcome and each stored report as it is told, with one system call a line. The log gathers its lines for up to 100 ms,
 * and loses those with the process that is killed: just the ones that matter.
 */
import { openSync, writeSync } from 'node:fs'
import { definePlugin } from '@postern/core'
import { z } from 'zod'

const EVENTS = { delivered: 'deliver.sent', failed: 'deliver.bounced' }

export default definePlugin({
  name: 'told',
  options: z.strictObject({ file: z.string().describe('file to append to') }),
  apply(mta, { file }) {
    let fd
    const tell = (event, id) =>
      void writeSync(fd, `${JSON.stringify({ level: 'info', time: new Date().toISOString(), event, id })}\n`)
    mta.on.attempted.tap(({ messageId, outcome }) => {
      const event = EVENTS[outcome.kind]
      if (event) tell(event, messageId)
    })
    mta.on.received.tap(({ origin }) => {
      if ('of' in origin) tell('report.sent', origin.of)
    })
    mta.lifecycle({ start: () => void (fd = openSync(file, 'a')) })
  },
})
