import { definePlugin, edits, envelope } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'bcc',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'none' }, () => edits([envelope.bcc('archive@far.example')]))
  },
})
