import { definePlugin, expand } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'aliases',
  options: z.strictObject({}),
  apply(mta) {
    const map = { 'team@site.example': ['team@site.example', 'a@site.example'] }
    mta.resolve.tap({ before: 'route-classes' }, ({ recipient, final }) => {
      const to = final ? undefined : map[recipient.text.toLowerCase()]
      return to && expand(to)
    })
  },
})
