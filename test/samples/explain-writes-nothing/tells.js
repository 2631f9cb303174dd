import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'tells',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'none' }, () => edits([header.insert('X-Seen', 'yes')]))
  },
})
