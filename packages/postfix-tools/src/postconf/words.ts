/** White space of Postfix's lists and lines. */
export const BLANKS = /[ \t\r\n]+/
