/** @postern/rewrite-headers: fields that a message lacks are added, those that must not go on are dropped (Postfix's cleanup). */
import { definePlugin, edits, header } from '@postern/core'
import type { HeaderEdit } from '@postern/core'
import { headerRewriting } from '@postern/addresses'
import { z } from 'zod'
import { missingFields } from './missing.ts'

const field = z.string().regex(/^[!-9;-~]+$/, 'expected the name of a header field')

export const options = z.strictObject({
  alwaysAddMissingHeaders: z
    .boolean()
    .default(false)
    .describe('add missing fields also where addresses in the header are not rewritten'),
  messageDropHeaders: z
    .array(field)
    .default(['bcc', 'content-length', 'resent-bcc', 'return-path'])
    .describe('fields that are taken out'),
  undisclosedRecipientsHeader: z
    .union([z.literal(''), z.string().regex(/^[!-9;-~]+:\s*\S/, 'expected a header field')])
    .default('')
    .describe(
      'field that is added, where missing fields are, to a message without To and Cc, e.g. "To: undisclosed-recipients:;"',
    ),
})

export default definePlugin({
  name: 'rewrite-headers',
  options,
  apply(mta, o) {
    const dropped = new Set(o.messageDropHeaders.map((name) => name.toLowerCase()))
    const { myhostname } = mta.site
    mta.cleanup.tap(
      // late: the sender as it will be
      { body: 'headers', phase: 'late', origins: ['smtp', 'lmtp', 'submit', 'forward', 'bounce'] },
      (view, call) => {
        const names = new Set(view.header.fields.map(({ name }) => name.toLowerCase()))
        const list: HeaderEdit[] = []
        for (const name of dropped) if (names.has(name)) list.push(header.remove(name))
        // what comes from elsewhere is not ours to complete
        const kind = view.slots.get(headerRewriting)
        if (!o.alwaysAddMissingHeaders && kind === 'none') return list.length > 0 ? edits(list) : undefined
        if (o.alwaysAddMissingHeaders || kind !== 'gateway')
          for (const [name, value] of missingFields(names, {
            id: view.id,
            sender: view.sender,
            at: call.clock.now(),
            myhostname,
          }))
            list.push(header.insert(name, value, 'bottom'))
        const at = o.undisclosedRecipientsHeader.indexOf(':')
        if (at > 0 && !['to', 'cc', 'resent-to', 'resent-cc'].some((name) => names.has(name)))
          list.push(
            header.insert(
              o.undisclosedRecipientsHeader.slice(0, at),
              o.undisclosedRecipientsHeader.slice(at + 1).trim(),
              'bottom',
            ),
          )
        return list.length > 0 ? edits(list) : undefined
      },
    )
  },
})
