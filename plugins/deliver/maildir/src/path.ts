/** Where a mailbox lies below the base: folder names, each of which is safe to create. */
import type { Target } from '@postern/mailboxes'

const MAX_NAME = 255

/**
 * Folder names from a template. An address comes from strangers: one whose parts would be hidden, climb or hold a slash
 * has no mailbox (`undefined`).
 */
export function pathFromTemplate(template: string, target: Target): string[] | undefined {
  const values: Record<string, string> = {
    u: target.user,
    d: target.domain,
    s: target.key,
    e: target.extension,
  }
  let bad = false
  const path = template.replace(/%(.)/g, (_m, c: string) => {
    if (c === '%') return '%'
    const value = values[c]!
    // an address without an extension is the usual case; the folder's whole name is judged below
    if (!(c === 'e' && value === '') && !safeValue(value)) bad = true
    return value
  })
  return bad ? undefined : split(path.slice(0, -1))
}

/** Folder names from a table's value, which an operator wrote: hidden folders are his affair, climbing is not. */
export function pathFromValue(value: string): string[] | undefined {
  return split(value.replace(/^\/+/, '').replace(/\/+$/, ''))
}

// eslint-disable-next-line no-control-regex
const safeValue = (value: string): boolean => value !== '' && !value.startsWith('.') && !/[/\x00-\x1f\x7f]/.test(value)

function split(path: string): string[] | undefined {
  const names = path.split('/')
  return names.every(safeName) ? names : undefined
}
const safeName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && Buffer.byteLength(name) <= MAX_NAME
