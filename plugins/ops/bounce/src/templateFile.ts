/** Reads the format of Postfix's bounce(5). What Postfix warns of and passes over stops the start here. */
import { readFile } from 'node:fs/promises'
import { PosternError, nearest } from '@postern/core'
import { expand } from './expand.ts'
import type { Values } from './expand.ts'
import { TEMPLATES } from './templates.ts'
import type { Template, TemplateName, Templates } from './templates.ts'

const NAMES: Readonly<Record<string, TemplateName>> = {
  failure_template: 'failure',
  delay_template: 'delay',
  success_template: 'success',
  verify_template: 'verify',
}
/** `file` with the built-in texts where it has none. Throws with file, line and what to do. */
export async function readTemplates(file: string, values: Values): Promise<Templates> {
  let text: string
  try {
    text = await readFile(file, 'latin1')
  } catch (cause) {
    throw new PosternError('PN_CONFIG_UNREADABLE', `bounceTemplateFile: ${(cause as Error).message}`, { cause })
  }
  return parseTemplates(text, file, values)
}

export function parseTemplates(text: string, file: string, values: Values): Templates {
  const out: Record<TemplateName, Template> = { ...TEMPLATES }
  for (const entry of entriesOf(text, file)) {
    const name = Object.hasOwn(NAMES, entry.name) ? NAMES[entry.name] : undefined
    if (!name) {
      const near = nearest(entry.name, Object.keys(NAMES))
      throw wrong(file, entry.line, `unknown template ${entry.name}${near ? ` (did you mean ${near}?)` : ''}`)
    }
    out[name] = templateOf(name, entry, file, values)
  }
  return out
}
const wrong = (file: string, line: number, what: string) =>
  new PosternError('PN_CONFIG_INVALID', `${file}, line ${line}: ${what}`)

interface Entry {
  readonly name: string
  /** of its name in the file, from 1 */
  readonly line: number
  readonly lines: readonly string[]
  /** of the first of `lines` */
  readonly first: number
}
/** `name = text`, `name = <<MARK` with lines up to MARK, comments and empty lines. */
function entriesOf(text: string, file: string): Entry[] {
  const lines = text.split(/\r?\n/)
  const entries: Entry[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = i + 1
    if (/^\s*(#|$)/.test(lines[i]!)) continue
    const [, name, value] = /^\s*([^\s=]+)\s*=\s*(.*?)\s*$/.exec(lines[i]!) ?? []
    if (name === undefined) throw wrong(file, line, 'expected name = <<EOF')
    const mark = /^<<\s*(\S+)$/.exec(value!)?.[1]
    if (mark === undefined) {
      entries.push({ name, line, lines: [value!], first: line })
      continue
    }
    const end = lines.findIndex((l, at) => at > i && l.trimEnd() === mark)
    if (end < 0) throw wrong(file, line, `the end ${mark} is missing`)
    entries.push({ name, line, lines: lines.slice(i + 1, end), first: line + 1 })
    i = end
  }
  return entries
}

const FIELDS = {
  charset: 'charset',
  from: 'from',
  subject: 'subject',
  'postmaster-subject': 'postmasterSubject',
} as const
const LABELS = ['Charset', 'From', 'Subject', 'Postmaster-Subject']
const FIELD = /^([A-Za-z][A-Za-z0-9-]*)\s*:\s*(.*?)\s*$/
const NOT_ASCII = /[\x80-\xff]/

function templateOf(name: TemplateName, entry: Entry, file: string, values: Values): Template {
  const template: { -readonly [K in keyof Template]: Template[K] } = { ...TEMPLATES[name] }
  let at = 0
  for (let m; (m = FIELD.exec(entry.lines[at] ?? '')); at++) {
    const line = entry.first + at
    const field = FIELDS[m[1]!.toLowerCase() as keyof typeof FIELDS] as (keyof typeof template & string) | undefined
    if (!field) {
      const near = nearest(m[1]!, LABELS)
      throw wrong(file, line, `unknown header ${m[1]}${near ? ` (did you mean ${near}?)` : ''}`)
    }
    if (!(field in template)) throw wrong(file, line, `${entry.name} has no ${m[1]}`)
    // eslint-disable-next-line no-control-regex
    if (m[2] === '' || /[\x00-\x1f\x7f-\xff]/.test(m[2]!)) throw wrong(file, line, `${m[1]} must be ASCII text`)
    Object.assign(template, { [field]: m[2] })
  }
  if (entry.lines[at] === '') at++
  template.body = entry.lines.slice(at)
  checkBody(template, entry.first + at, file, values)
  return template
}

function checkBody({ body, charset }: Template, first: number, file: string, values: Values): void {
  if (body.length === 0) throw wrong(file, first, 'the text is missing')
  body.forEach((text, i) => {
    if (charset.toLowerCase() === 'us-ascii' && NOT_ASCII.test(text))
      throw wrong(file, first + i, 'the text is not ASCII: say which Charset it has')
    try {
      expand(text, values)
    } catch (error) {
      throw wrong(file, first + i, (error as Error).message)
    }
  })
}
