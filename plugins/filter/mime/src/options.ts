/** Options in Postfix's names (cleanup(8)). */
import { z } from 'zod'

const flag = (text: string) => z.boolean().default(false).describe(text)
const count = (value: number, text: string) => z.number().int().positive().default(value).describe(text)

export const options = z.strictObject({
  strict7bitHeaders: flag('refuse mail with bytes above 127 in a header, of a part too'),
  strict8bitmimeBody: flag('refuse mail with bytes above 127 in content that is not labelled 8bit or binary'),
  strict8bitmime: flag('both of these'),
  strictMimeEncodingDomain: flag(
    'refuse multiparts and messages inside whose Content-Transfer-Encoding is an encoding, or where it must be 7bit and is not',
  ),
  disableMimeInputProcessing: flag('look at nothing, whatever the other options say'),
  mimeNestingLimit: count(100, 'multiparts inside each other; more are refused where anything is looked at'),
  mimeBoundaryLengthLimit: count(2048, 'bytes of a multipart boundary that count'),
})
export type Options = z.output<typeof options>
