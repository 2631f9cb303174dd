import { definePlugin, expand } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'aliases',
  options: z.strictObject({}),
  apply(mta) {
    const map = {
      'one@site.example': ['two@site.example'],
      'two@site.example': ['three@site.example'],
      'three@site.example': ['one@site.example'],
    }
    mta.resolve.tap({ before: 'route-classes' }, ({ recipient, final }) => {
      const to = final ? undefined : map[recipient.text.toLowerCase()]
      return to && expand(to)
    })
  },
})
