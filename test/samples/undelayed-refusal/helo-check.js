import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'helo-check',
  options: z.strictObject({}),
  apply(mta) {
    mta.helo.tap(({ helo }) =>
      helo.name === 'bad.example' ? refuse('5.7.1', `<${helo.name}>: Helo command rejected: Access denied`) : undefined,
    )
  },
})
