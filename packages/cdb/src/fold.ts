/**
 * Keys as tables hold them: without case, by Unicode's full case folding (CaseFolding.txt, C and F), as Postfix stores and
 * asks them. `ß` and `ss` are one, and so are all three sigmas.
 */
export function foldKey(key: string): string {
  // what is ASCII alone, nearly all of it, needs no tables
  if (!NOT_ASCII.test(key)) return key.toLowerCase()
  let out = ''
  // one at a time: what stands beside a sigma must not count
  for (const c of key) out += foldOne(c)
  return out
}
// eslint-disable-next-line no-control-regex -- that is what ASCII is
const NOT_ASCII = /[^\x00-\x7f]/

function foldOne(c: string): string {
  const code = c.codePointAt(0)!
  if (code < 0x80) return c.toLowerCase()
  // a dotless i is no i
  if (code === 0x131) return c
  if (code === 0x1e9e) return 'ss'
  // Cherokee folds to its capitals: they are older than the small letters
  if (code >= 0x13a0 && code <= 0x13f5) return c
  if ((code >= 0x13f8 && code <= 0x13fd) || (code >= 0xab70 && code <= 0xabbf)) return c.toUpperCase()
  const folded = [...c.toUpperCase()].map((one) => one.toLowerCase()).join('')
  return folded
}
