import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'hosts',
  options: z.strictObject({}),
  apply(mta) {
    mta.connect.tap(({ client }) =>
      client.address === '127.0.0.2' ? refuse('5.7.1', `Client host rejected: ${client.address}`) : undefined,
    )
  },
})
