/** What is put into templates from outside: safe in a filter or a name, or not there at all. */

/** A value in a filter (RFC 4515 section 3): nothing of it can end the value or match more than itself. */
export const escapeFilter = (text: string): string =>
  text.replace(/[*()\\\0]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** A value in a distinguished name (RFC 4514 section 2.4). */
export const escapeDn = (text: string): string =>
  text.replace(/["+,;<>\\]|\0|^[ #]| $/g, (c) => (c === '\0' ? '\\00' : `\\${c}`))

/**
 * Does a template ask for a local part or a domain that is empty: `%u` of `@example.com`, `%d` of `joe@`? Nothing is made
 * of it then. `user` and `domain` are the letters that stand for parts of this text.
 */
export function lacks(template: string, text: string, user: string, domain: string): boolean {
  const letters = text.lastIndexOf('@') === 0 ? user : text.endsWith('@') ? domain : ''
  return letters !== '' && new RegExp(`%[${letters}]`).test(template.replaceAll('%%', ''))
}
