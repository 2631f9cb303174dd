/** Marks of an axis: round numbers, about six of them. */
export function ticks(low, high) {
  const span = high - low || 1
  const rough = span / 6
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough)
  const marks = []
  for (let n = Math.floor(low / step); n * step <= high + step * 0.999; n++)
    marks.push(Number((n * step).toPrecision(12)))
  return marks
}
/** 1, 10, 100 ...; 2 and 5 between them where there is room. */
export function logTicks(low, high) {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
  const steps = to - from > 3 ? [1] : [1, 2, 5]
  const marks = []
  for (let power = from; power <= to; power++)
    for (const s of steps) {
      const mark = Number((s * 10 ** power).toPrecision(3))
      if (mark >= low * 0.49 && mark <= high * 2.01) marks.push(mark)
    }
  return marks
}
