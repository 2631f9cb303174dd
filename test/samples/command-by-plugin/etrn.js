import { definePlugin, reply } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'etrn',
  options: z.strictObject({}),
  apply(mta) {
    mta.command('ETRN', { keyword: 'ETRN' }, ({ argument }) => {
      if (argument === 'broken') throw new Error('secret')
      return argument === '' ? reply(501, undefined, 'Error: what?') : reply(250, undefined, 'Queuing started')
    })
  },
})
