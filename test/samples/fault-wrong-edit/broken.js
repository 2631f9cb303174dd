import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    mta.helo.tap(() => edits([header.insert('X-Too-Early', 'there is no message yet')]))
  },
})
