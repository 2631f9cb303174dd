import { definePlugin, expand } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'aliases',
  options: z.strictObject({}),
  apply(mta) {
    const map = {
      'team@site.example': ['a@site.example', 'b@site.example', 'sub@site.example'],
      'sub@site.example': ['b@site.example', 'x@far.example'],
    }
    mta.resolve.tap({ before: 'route-classes' }, ({ recipient, final }) => {
      const to = final ? undefined : map[recipient.text.toLowerCase()]
      return to && expand(to)
    })
  },
})
