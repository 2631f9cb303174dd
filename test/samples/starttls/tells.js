import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'tells',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ session }) => edits([header.insert('X-TLS', session.tls?.protocol ?? 'none')]))
  },
})
