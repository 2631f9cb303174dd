import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'sees',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'lines' }, async (draft) => {
      const lines = []
      for await (const line of draft.lines()) lines.push(line.trimEnd())
      return edits([header.insert('X-Seen', lines.join('|'))])
    })
  },
})
