import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'headers',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'headers' }, () =>
      edits([
        header.insert('X-Top', 'first'),
        header.insert('X-Bottom', 'last', 'bottom'),
        header.insert('X-Second', 'second', 1),
        header.replace('Subject', 'replaced'),
        header.replace('X-Twice', 'the second is new', 1),
        header.remove('X-Gone'),
        header.remove('X-Some', 0),
      ]),
    )
  },
})
