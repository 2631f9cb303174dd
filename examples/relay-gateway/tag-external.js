/** Plain JavaScript: marks the subject of mail that comes from outside. */
import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'tag-external',
  options: z.strictObject({ tag: z.string().default('[External]').describe('what stands in front of the subject') }),
  apply(mta, options) {
    mta.cleanup.tap({ body: 'headers', origins: ['smtp'] }, (draft) => {
      const subject = draft.header.get('Subject') ?? ''
      if (subject.startsWith(options.tag)) return undefined
      return edits([header.replace('Subject', `${options.tag} ${subject}`.trim())])
    })
  },
})
