/** What the comparisons in `${{a} < {b} ? ...}` mean: numbers, texts, and with the suffix `level` versions. */

export const OPERATORS = ['==', '!=', '<', '<=', '>=', '>'] as const
export type Operator = (typeof OPERATORS)[number]

/** Digits alone on both sides are numbers; else bytes decide, as strcmp() does. */
export function compare(left: string, operator: Operator, right: string): boolean {
  const digits = /^\d+$/
  if (digits.test(left) && digits.test(right)) return holds(Number(BigInt(left) - BigInt(right)), operator)
  return holds(Buffer.compare(Buffer.from(left), Buffer.from(right)), operator)
}

/** Compatibility levels: `3.6` comes before `3.10`. Both must be such (`levelOf`). */
export const compareLevels = (left: Level, operator: Operator, right: Level) =>
  holds(left[0] - right[0] || left[1] - right[1] || left[2] - right[2], operator)

export type Level = [major: number, minor: number, patch: number]
/** `major`, `major.minor` or `major.minor.patch`; undefined for everything else. Minor and patch end at 1023. */
export function levelOf(text: string): Level | undefined {
  const match = /^[ \t\n\v\f\r]*\+?(\d+)(?:\.[ \t\n\v\f\r]*\+?(\d+)(?:\.[ \t\n\v\f\r]*\+?(\d+))?)?$/.exec(text)
  if (!match) return undefined
  const [major, minor, patch] = [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)]
  return major < 2 ** 43 && minor <= 1023 && patch <= 1023 ? [major, minor, patch] : undefined
}

function holds(difference: number, operator: Operator): boolean {
  switch (operator) {
    case '==':
      return difference === 0
    case '!=':
      return difference !== 0
    case '<':
      return difference < 0
    case '<=':
      return difference <= 0
    case '>=':
      return difference >= 0
    case '>':
      return difference > 0
  }
}
