import { definePlugin, permit, refuse } from '@postern/core'
import { z } from 'zod'

/** Policy beside which unlisted addresses are refused. */
export default definePlugin({
  name: 'policy',
  options: z.strictObject({}),
  apply(mta) {
    mta.mail.tap(({ sender }) => {
      if (sender.text === 'none@vm.example') return refuse('5.7.1', 'policy says no')
      return sender.text === 'none@va.example' ? permit() : undefined
    })
    mta.rcpt.tap(({ recipient }) => {
      if (recipient.text === 'gone@local.example') return refuse('5.7.1', 'gone by policy')
      return recipient.text === 'nouser@local.example' ? permit() : undefined
    })
  },
})
