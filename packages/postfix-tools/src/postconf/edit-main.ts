/** postconf -e, -X and -#: main.cf changed, with all its comments where they were. */
import { join } from 'node:path'
import { parseMainCf } from '@postern/postfix-config'
import { Fatal } from '@postern/sendmail/queue'
import type { Say } from '../program.ts'
import { bytesOf, replaceFile } from './replace.ts'
import type { Edit } from './request.ts'

/** Throws Fatal, with the file as it was. */
export function editMain(dir: string, edit: Edit, words: readonly string[], say: Say): void {
  const file = join(dir, 'main.cf')
  const asked = new Map(words.map((word) => requested(word, edit)))
  const seen = new Set<string>()
  replaceFile(file, (lines) => {
    const out: string[] = []
    let isInside = false
    for (const line of lines) {
      // comments and empty lines stand where they stood, within an entry too
      if (/^[ \t\n\v\f\r]*(#|$)/.test(line)) {
        out.push(line)
        continue
      }
      const name = /^[ \t]/.test(line) ? undefined : nameOf(line)
      if (name === undefined) {
        if (!isInside) out.push(line)
        else if (edit === '#') out.push(`#${line}`)
        continue
      }
      isInside = asked.has(name)
      if (!isInside) {
        out.push(line)
        continue
      }
      if (seen.has(name)) say(`warning: ${file}: multiple entries for "${name}"`)
      seen.add(name)
      if (edit === 'e') out.push(`${name} = ${asked.get(name)!}`)
      else if (edit === '#') out.push(`#${line}`)
    }
    if (edit !== 'e') return out
    return [...out, ...[...asked].filter(([name]) => !seen.has(name)).map(([name, value]) => `${name} = ${value}`)]
  })
}
const nameOf = (line: string): string => /^[^= \t\n\v\f\r]*/.exec(line)![0]

function requested(word: string, edit: Edit): [name: string, value: string] {
  checkWord(word)
  if (edit !== 'e') return [bytesOf(word), '']
  const text = word.trim()
  if (text === '' || text.startsWith('=')) throw new Fatal(`missing attribute name: "${word}"`)
  const [entry] = parseMainCf(text, '').entries
  if (!entry) throw new Fatal(`missing '=' after attribute name: "${word}"`)
  return [bytesOf(entry.name), bytesOf(entry.value)]
}
/** Throws Fatal for what would be something else in the file. */
export function checkWord(word: string): void {
  if (word.includes('\n')) throw new Fatal('-e, -X, or -# accepts no multi-line input')
  if (/^\s*#/.test(word)) throw new Fatal('-e, -X, or -# accepts no comment input')
}
