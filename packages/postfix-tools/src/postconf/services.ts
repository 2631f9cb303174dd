/** Services of master.cf: whole (-M), by fields (-F), by parameters (-P). */
import type { Service } from '@postern/postfix-config'
import { Fatal } from '@postern/sendmail/queue'
import type { Say } from '../program.ts'
import type { Folder } from './folder.ts'
import { INDENTED, Line } from './line.ts'
import { byBytes, printed } from './parameters.ts'
import type { Request } from './request.ts'
import { BLANKS } from './words.ts'

/** master.cf's columns */
export const FIELDS = [
  'service',
  'type',
  'private',
  'unprivileged',
  'chroot',
  'wakeup',
  'process_limit',
  'command',
] as const
const COLUMNS = [0, 11, 17, 25, 33, 41, 49, 57]

/** A request for services: `*` or nothing stands for all. */
class Pattern {
  readonly text: string
  readonly #parts: readonly string[]
  isMatched = false
  constructor(text: string, parts: readonly string[]) {
    this.text = text
    this.#parts = parts
  }
  matches(...names: readonly string[]): boolean {
    return names.every((name, i) => [undefined, '*', name].includes(this.#parts[i]))
  }
  get last(): string | undefined {
    return this.#parts[2]
  }
}
const FORMS = {
  M: { parts: 2, text: '-M option requires service_name[/type]' },
  F: { parts: 3, text: '-F option requires service_name[/type[/field]]' },
  P: { parts: 3, text: '-P option requires service_name[/type[/parameter]]' },
} as const

/** What is printed, service by service. A request that finds nothing is remarked on. */
export function* serviceLines(folder: Folder, request: Request, say: Say): Generator<string> {
  const mode = request.mode as keyof typeof FORMS
  const patterns = patternsOf(mode, request.words)
  for (const service of folder.master.entries)
    for (const pattern of patterns) {
      if (!pattern.matches(service.name, service.type)) continue
      if (mode === 'M') {
        pattern.isMatched = true
        yield entryLine(folder, service, request)
      } else
        for (const line of (mode === 'F' ? fieldLines : ownLines)(folder, service, pattern, request)) {
          pattern.isMatched = true
          yield line
        }
    }
  for (const pattern of patterns)
    if (!pattern.isMatched && request.words.length > 0) say(`warning: unmatched request: "${pattern.text}"`)
}
function patternsOf(mode: keyof typeof FORMS, words: readonly string[]): Pattern[] {
  if (words.length === 0) return [new Pattern('', [])]
  return words.map((word) => {
    const parts = word.split('/').filter(Boolean)
    if (parts.length === 0 || parts.length > FORMS[mode].parts) throw new Fatal(FORMS[mode].text)
    const field = mode === 'F' ? (parts[2] ?? '*') : '*'
    if (field !== '*' && !FIELDS.some((name) => name === field))
      throw new Fatal(`invalid service attribute name: "${field}"`)
    return new Pattern(word, parts)
  })
}

/** One entry, in columns. */
export function entryLine(
  folder: Folder | undefined,
  service: Service,
  request: Pick<Request, 'folded' | 'expanded'>,
): string {
  const line = new Line(request.folded)
  for (const [i, field] of service.fields.entries()) {
    if (i > 0) line.add(' '.repeat(Math.max(1, COLUMNS[i]! - line.length)))
    line.add(field)
  }
  addArguments(line, folder, service, request)
  return line.end()
}
function addArguments(
  line: Line,
  folder: Folder | undefined,
  service: Service,
  { expanded }: Pick<Request, 'expanded'>,
): void {
  const { args, attributes } = service
  const options = args.slice(0, args.length - attributes.length)
  for (let i = 0; i < options.length; i++) {
    const option = options[i]!
    const value = option === '-o' ? options[++i] : undefined
    if (value === undefined) {
      line.gap(option.length + 1, INDENTED)
      line.add(option)
      continue
    }
    line.full()
    const shown = braced(expanded && folder ? folder.parameters.forService(service).expand(value) : value)
    line.gap(option.length + shown.length + 3, INDENTED)
    line.add(`${option} ${shown}`)
    line.full()
  }
  // Postfix shows the first one without its braces; what is written back keeps them
  for (const word of attributes.map((text, i) => (i === 0 && folder ? text : braced(text)))) {
    line.gap(word.length + 1, INDENTED)
    line.add(word)
  }
}
const braced = (word: string): string => (BLANKS.test(word) || word === '' ? `{${word}}` : word)

function* fieldLines(folder: Folder, service: Service, pattern: Pattern, request: Request): Generator<string> {
  for (const [i, field] of FIELDS.entries()) {
    if (!pattern.matches(service.name, service.type, field)) continue
    const name = `${service.name}/${service.type}/${field}`
    const value = service.fields[i]!
    if (field !== 'command' || request.hideValues) yield printed(name, value, request)
    else {
      const line = new Line(request.folded)
      line.add(request.hideNames ? value : `${name} = ${value}`)
      addArguments(line, folder, service, request)
      yield line.end()
    }
  }
}
function* ownLines(folder: Folder, service: Service, pattern: Pattern, request: Request): Generator<string> {
  const last = new Map(service.overrides.map(({ name, value }) => [name, value]))
  const parameters = folder.parameters.forService(service)
  for (const name of [...last.keys()].sort(byBytes)) {
    if (!pattern.matches(service.name, service.type, name)) continue
    const value = last.get(name)!
    yield printed(
      `${service.name}/${service.type}/${name}`,
      request.expanded ? parameters.expand(value) : value,
      request,
    )
  }
}
