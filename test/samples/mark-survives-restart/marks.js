import { definePlugin, edits, envelope, mark, routeTo } from '@postern/core'
import { z } from 'zod'

const via = mark('via', z.string())

export default definePlugin({
  name: 'marks',
  options: z.strictObject({ nexthop: z.string().default('[127.0.0.1]:@HOP@').describe('where marked mail goes') }),
  apply(mta, { nexthop }) {
    mta.mark(via)
    mta.rcpt.tap(({ recipient }) => edits(recipient.domain === 'far.example' ? [envelope.mark(via, nexthop)] : []))
    mta.resolve.tap(({ marks }) => {
      const to = marks.get(via)
      return to === undefined ? undefined : routeTo('smtp', to)
    })
  },
})
