/** Text that fits: wrapped at spaces, else behind punctuation, else anywhere; nothing in it moves the cursor. */

/** What a remote host wrote must not speak to the terminal. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** At least one line; line ends in the text are kept. */
export function wrap(text: string, width: number): string[] {
  return printable(text)
    .split('\n')
    .flatMap((line) => wrapLine(line, Math.max(1, width)))
}
function wrapLine(line: string, width: number): string[] {
  const out: string[] = []
  let rest = line
  while (rest.length > width) {
    const at = cutOf(rest, width)
    out.push(rest.slice(0, at).trimEnd())
    rest = rest.slice(at).trimStart()
  }
  return [...out, rest]
}
function cutOf(text: string, width: number): number {
  const space = text.lastIndexOf(' ', width)
  if (space > width / 3) return space
  const head = text.slice(0, width)
  const mark = Math.max(...['/', ',', ':', '@', '-', ';', '.'].map((c) => head.lastIndexOf(c)))
  return mark > width / 3 ? mark + 1 : width
}
