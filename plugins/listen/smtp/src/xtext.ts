/** xtext (RFC 3461 section 4) and the utf-8 address encoding of RFC 6533 section 3, undone. */

/** `undefined` when a `+` is not followed by two hexadecimal digits. */
export function unxtext(text: string): string | undefined {
  if (!text.includes('+')) return text
  if (/\+(?![0-9a-f]{2})/i.test(text)) return undefined
  return text.replace(/\+([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

/** `\x{263A}`; `undefined` when a backslash begins nothing, or a number is not a character. */
export function unuxtext(text: string): string | undefined {
  if (!text.includes('\\')) return text
  if (/\\(?!x\{[0-9a-f]{1,6}\})/i.test(text)) return undefined
  const codes = [...text.matchAll(/\\x\{([0-9a-f]+)\}/gi)].map((m) => parseInt(m[1]!, 16))
  if (codes.some((c) => c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))) return undefined
  return text.replace(/\\x\{([0-9a-f]+)\}/gi, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
}
