import { definePlugin, body, edits } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'body',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'lines' }, async (draft) => {
      let text = ''
      for await (const line of draft.lines()) text += line.replace('secret', '******') + '\n'
      return edits([body.replace(text)])
    })
  },
})
