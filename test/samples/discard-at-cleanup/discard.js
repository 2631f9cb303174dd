import { definePlugin, discard } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'discard',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'headers' }, (draft) => (draft.header.get('X-Drop') ? discard('wanted') : undefined))
  },
})
