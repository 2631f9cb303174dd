/** What commands print. */
export const print = (lines: readonly string[]): void => void process.stdout.write(lines.join('\n') + '\n')
export const printJson = (value: unknown): void => void process.stdout.write(JSON.stringify(value, null, 2) + '\n')
