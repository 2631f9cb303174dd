/** Header fields by name. */

/** Those that MIME defines: checked as the parts' are, wherever they stand (`mime_header_checks`). */
const MIME_FIELDS = new Set([
  'content-description',
  'content-disposition',
  'content-id',
  'content-transfer-encoding',
  'content-type',
  'mime-version',
])
/** `name` in any case */
export const isMimeField = (name: string): boolean => MIME_FIELDS.has(name.toLowerCase())
