/** Makes text from outside safe where it is put into a filter or a name. */

/** A value in a filter (RFC 4515 section 3): nothing of it can end the value or match more than itself. */
export const escapeFilter = (text: string): string =>
  text.replace(/[*()\\\0]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** A value in a distinguished name (RFC 4514 section 2.4). */
export const escapeDn = (text: string): string =>
  text.replace(/["+,;<>\\]|\0|^[ #]| $/g, (c) => (c === '\0' ? '\\00' : `\\${c}`))
