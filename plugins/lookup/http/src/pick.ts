/** Finds values in JSON by a path like `data.mailboxes.address`. */

/** The answer does not have the form that the path says. */
export class WrongForm extends Error {}

/**
 * Texts, numbers and truth values at the path, as texts. A part of the path is a member's name, or an element's number from 0; of an
 * array, without a number, every element is gone into. `null` and an empty array are no value. A member that is not there
 * throws `WrongForm` unless `missing` is `absent`.
 */
export function pick(json: unknown, path: string, missing: 'failed' | 'absent'): string[] {
  const values: string[] = []
  const parts = path === '' ? [] : path.split('.')
  const walk = (value: unknown, at: number): void => {
    const part = parts[at]
    const place = parts.slice(0, at).join('.') || 'the answer'
    if (value === null) return
    if (Array.isArray(value)) {
      if (part !== undefined && /^\d+$/.test(part)) {
        if (Number(part) < value.length) walk(value[Number(part)], at + 1)
      } else for (const element of value) walk(element, at)
      return
    }
    if (typeof value === 'object') {
      if (part === undefined) throw new WrongForm(`${place} is an object; a path must say what of it`)
      if (Object.hasOwn(value as object, part)) walk((value as Record<string, unknown>)[part], at + 1)
      else if (missing === 'failed') throw new WrongForm(`${place} has no ${part}`)
      return
    }
    if (part !== undefined) throw new WrongForm(`${place} is no object`)
    values.push(String(value))
  }
  walk(json, 0)
  return values
}
