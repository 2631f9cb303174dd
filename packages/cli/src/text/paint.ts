/** Colours, on a terminal only (and never with NO_COLOR). */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  warn(text: string): string
  bad(text: string): string
}
const code =
  (on: boolean, n: number) =>
  (text: string): string =>
    on && text !== '' ? `\x1b[${n}m${text}\x1b[0m` : text

export const painter = (on: boolean): Paint => ({
  bold: code(on, 1),
  dim: code(on, 2),
  good: code(on, 32),
  warn: code(on, 33),
  bad: code(on, 31),
})
export const paintFor = (out: { isTTY?: boolean }): Paint => painter(Boolean(out.isTTY) && !process.env.NO_COLOR)
/** Columns there are. */
export const terminalWidth = (): number => Math.max(60, process.stdout.columns || 100)
