/** Postfix's lists in braces, `{a, b}`: what stands inside braces within is one word, with its commas and blanks. */

/** The words of `{a, b}`; `undefined` when the braces do not match, enclose nothing or do not enclose all of it. */
export function wordsIn(text: string): string[] | undefined {
  if (closing(text) !== text.length - 1) return undefined
  const words: string[] = []
  let start = 1
  let depth = 0
  for (let i = 1; i < text.length; i++) {
    const c = text[i]!
    if (c === '{') depth++
    else if (c === '}' && i < text.length - 1) depth--
    else if (i === text.length - 1 || (depth === 0 && /[, \t\r\n]/.test(c))) {
      if (i > start) words.push(text.slice(start, i))
      start = i + 1
    }
  }
  return words.length === 0 ? undefined : words
}

/** A word that stands in braces of its own, without them: `{inline:{ a=b }}`. */
export const bare = (word: string): string => (closing(word) === word.length - 1 ? word.slice(1, -1).trim() : word)

/** Index of the brace that closes the one at the beginning; `NaN` when there is none. */
function closing(text: string): number {
  if (text[0] !== '{') return NaN
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
  }
  return NaN
}
