/**
 * White space on the wire is ASCII only: JavaScript's own idea of it has U+00A0 and many more, and another server would
 * see one word where we see two.
 */
const AROUND = /^[ \t-\r]+|[ \t-\r]+$/g
const BETWEEN = /[ \t-\r]+/

export const trim = (text: string): string => text.replace(AROUND, '')
export const isBlank = (text: string): boolean => trim(text) === ''
export const wordsOf = (text: string): string[] => trim(text).split(BETWEEN)
