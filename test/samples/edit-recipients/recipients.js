import { definePlugin, edits, envelope } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'recipients',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'none' }, () =>
      edits([
        envelope.replaceRecipient('old@site.example', 'renamed@site.example'),
        envelope.removeRecipient('gone@site.example'),
        envelope.addRecipient('more@site.example'),
      ]),
    )
  },
})
