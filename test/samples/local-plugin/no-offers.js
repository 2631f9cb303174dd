import { definePlugin, edits, header, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'no-offers',
  options: z.strictObject({ words: z.array(z.string()).describe('words that a subject may not have') }),
  apply(mta, { words }) {
    mta.mail.tap((view) => (view.sender.domain === 'prizes.example' ? refuse('5.7.1', 'No prizes, thanks') : undefined))
    mta.cleanup.tap({ body: 'headers' }, (draft) => {
      const subject = draft.header.get('Subject')?.toLowerCase() ?? ''
      const word = words.find((w) => subject.includes(w))
      return word ? refuse('5.7.1', `No offers: ${word}`) : edits([header.insert('X-Offers', 'none')])
    })
  },
})
