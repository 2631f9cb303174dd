/** Figures of a series. */
/** `p` of the values are at most this; NaN of nothing. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!
}
export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
