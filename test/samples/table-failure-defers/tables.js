import { definePlugin, failed, found, tableTypes } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'tables',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'dead', {
      open: () => ({ get: (key) => (key.startsWith('rich') ? found('x') : failed('the database is gone')) }),
    })
  },
})
