/** -F: values that stand for the content of files. */
import { readFileSync } from 'node:fs'
import { systemText } from './fatal.ts'
import type { Named } from './open.ts'

export type Value = { readonly bytes: Buffer } | { readonly problem: string }

/** Of a text table the value names files, parted by commas or white space; elsewhere it is their content in base64, as Postfix stores it. */
export function contentOf(named: Named, key: string, value: string): Value {
  if (named.isText) return readFiles(value)
  const text = value.replace(/\s+/g, '')
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    return { problem: `table ${named.name}: key ${key}: malformed BASE64 value: ${value.slice(0, 100)}` }
  return { bytes: Buffer.from(text, 'base64') }
}
/** With a line feed between two files. */
export function readFiles(value: string): Value {
  const parts: Buffer[] = []
  for (const file of value.split(/[,\s]+/).filter(Boolean)) {
    try {
      if (parts.length > 0) parts.push(Buffer.from('\n'))
      parts.push(readFileSync(file))
    } catch (error) {
      return { problem: `open ${file}: ${systemText(error)}` }
    }
  }
  return parts.length === 0 ? { problem: 'empty pathname list: skipping this entry' } : { bytes: Buffer.concat(parts) }
}
