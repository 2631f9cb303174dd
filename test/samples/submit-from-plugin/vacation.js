import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'vacation',
  options: z.strictObject({}),
  apply(mta) {
    mta.on.received.tap(({ origin, sender }) => {
      if (origin.kind !== 'smtp') return
      mta.background(async () => {
        await mta.submit({ sender: '', recipients: [sender], content: 'Subject: away\n\nback on Monday\n' })
        mta.log.info('vacation.sent', { to: sender })
      })
    })
    mta.cleanup.tap({ body: 'none', origins: ['submit'] }, ({ origin }) =>
      edits([header.insert('X-Origin', origin.kind + ' by ' + origin.by)]),
    )
  },
})
