/** Counts in what uvu prints: `Total:`, `Passed:`, `Skipped:` on lines of their own, once per file. */
export function countUvu(output) {
  const sum = (word) =>
    [...output.matchAll(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'gm'))].reduce((n, m) => n + Number(m[1]), 0)
  const passed = sum('Passed')
  return { passed, failed: Math.max(0, sum('Total') - passed), skipped: sum('Skipped') }
}

/** What a run of one file counts for: an end that is not clean is a failure of its own when no test tells of it. */
export function countRun({ code, signal, output, late, left }) {
  const counted = countUvu(output)
  const problems = []
  if (late) problems.push('killed: took too long')
  else if (signal) problems.push(`killed by ${signal}`)
  else if (code !== 0 && counted.failed === 0) problems.push(`ended with ${code}`)
  if (left) problems.push('left processes behind')
  if (code === 0 && counted.passed + counted.failed + counted.skipped === 0) problems.push('no tests ran')
  const reasons = [...output.matchAll(/^# skipped: (.*)$/gm)].map((m) => m[1])
  return { ...counted, failed: counted.failed + problems.length, problems, reasons }
}
