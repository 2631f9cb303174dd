/** A policy: who has not been seen before is asked to come again. */
import { defer, definePlugin, duration } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'greylist',
  options: z.strictObject({
    delay: duration().prefault('5m').describe('how long a new sender waits'),
    remember: z.number().int().positive().default(100_000).describe('triplets kept; the oldest go first'),
  }),
  apply(mta, options) {
    const seen = new Map<string, number>()
    mta.rcpt.tap((view, call) => {
      const key = [view.session.client.address, view.sender.text, view.recipient.text].join(' ')
      const first = seen.get(key)
      if (first !== undefined && call.clock.now() - first >= options.delay) return undefined
      // explain must leave nothing behind
      if (first === undefined && !call.dry) remember(key, call.clock.now())
      return defer('4.2.0', `<${view.recipient.text}>: Recipient address rejected: Greylisted, try again later`)
    })
    function remember(key: string, now: number) {
      const oldest = seen.size >= options.remember ? seen.keys().next().value : undefined
      if (oldest !== undefined) seen.delete(oldest)
      seen.set(key, now)
    }
  },
})
