/**
 * Logical lines: what begins with white space continues what came before; comments and empty lines within are left out.
 */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Problem } from './problem.ts'
import { isSpace } from './text.ts'

export interface LogicalLine {
  text: string
  /** of its first line, and of the last one that Postfix has read for it */
  line: number
  last: number
}

/** The lines of a file, in order. One that continues nothing is left out, with a warning. */
export function logicalLines(text: string, file: string): { lines: LogicalLine[]; problems: Problem[] } {
  const lines: LogicalLine[] = []
  const problems: Problem[] = []
  let open: LogicalLine | undefined
  const close = () => {
    if (!open) return
    const { text: whole, line, last } = open
    if (whole.includes('\0')) problems.push({ file, line, text: 'text after null byte may be ignored', fatal: false })
    if (isSpace(whole[0])) {
      const start = whole.slice(0, 30) + (whole.length > 30 ? '...' : '')
      problems.push({ file, line, text: `logical line must not start with whitespace: "${start}"`, fatal: false })
    } else lines.push({ text: whole.split('\0')[0]!, line, last })
    open = undefined
  }
  const physical = text.split('\n')
  if (physical.at(-1) === '') physical.pop()
  for (const [index, raw] of physical.entries()) {
    // a comment does not end a line, and only what begins with text begins the next one
    if (!isSpace(raw[0]) && raw !== '' && raw[0] !== '#') close()
    const blank = /^[ \t\n\v\f\r]*(#|$)/.test(raw)
    if (open) open.last = index + 1
    if (blank) continue
    if (open) open.text += raw
    else open = { text: raw, line: index + 1, last: index + 1 }
  }
  close()
  return { lines, problems }
}

/** A file as text. What is no UTF-8 is taken byte by byte, so that no byte is lost. Rejects as readFile does. */
export const readText = async (file: string): Promise<string> => textOf(await readFile(file))
/** The same at once, for files that a list names. Throws as readFileSync does. */
export const readTextNow = (file: string): string => textOf(readFileSync(file))
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
