/** Option types that take a value as a configuration has it, and as the text that stands in a table file. */
import { z } from 'zod'

/** `true`, `"yes"`, `"no"` */
export const yesNo = () =>
  z
    .union([z.boolean(), z.string().regex(/^(yes|no)$/i, 'expected yes or no')], 'expected yes or no')
    .transform((v) => (typeof v === 'boolean' ? v : v.toLowerCase() === 'yes'))
/** A whole number, also as text. */
export const count = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  z
    .union(
      [z.number(), z.string().regex(/^\d+$/, 'expected a whole number').transform(Number)],
      'expected a whole number',
    )
    .pipe(z.int().min(least).max(most))
/** `['a', 'b']`, or text parted by commas or white space. */
export const list = () =>
  z
    .union([z.array(z.string()), z.string()], 'expected a list')
    .transform((v) => (typeof v === 'string' ? v.split(/[\s,]+/).filter((word) => word !== '') : v))
