/** One word of a command line that changes master.cf. */
import { Fatal } from '@postern/sendmail/queue'
import { checkWord } from './edit-main.ts'
import type { Request } from './request.ts'
import { bytesOf } from './replace.ts'
import { FIELDS } from './services.ts'

export class Order {
  readonly word: string
  /** of a field or a parameter; '' where whole services are meant */
  readonly item: string
  /** '' where something is taken away */
  readonly value: string
  readonly #name: string
  readonly #type: string
  isMatched = false
  constructor(word: string, [name = '', type = '', item = '']: readonly string[], value: string) {
    this.word = word
    this.#name = name
    this.#type = type
    this.item = item
    this.value = value
  }
  matches(name: string, type: string): boolean {
    return ['*', name].includes(this.#name) && ['*', type].includes(this.#type)
  }
}

/** Throws Fatal on what is no order of that mode. */
export function orderOf(word: string, { mode, edit }: Pick<Request, 'mode' | 'edit'>): Order {
  checkWord(word)
  const bytes = bytesOf(word)
  const at = bytes.indexOf('=')
  if (edit === 'e' && at < 0) throw new Fatal(`missing '=' after attribute name: "${word}"`)
  const left = edit === 'e' ? bytes.slice(0, at).trim() : bytes
  const value = edit === 'e' ? bytes.slice(at + 1).trim() : ''
  const parts = left.split('/').filter(Boolean)
  if (mode === 'M') {
    if (parts.length !== 2) throw new Fatal('-Me, -MX or -M# requires service_name/type')
    if (edit === 'e' && value.split(/[ \t\r\n]+/).length < FIELDS.length) throw new Fatal(`bad field count: "${word}"`)
    return new Order(word, parts, value)
  }
  if (mode === 'F') {
    if (parts.length !== 3) throw new Fatal('-Fe requires service_name/type/field_name')
    if (!FIELDS.some((name) => name === parts[2])) throw new Fatal(`invalid service attribute name: "${parts[2]}"`)
    return new Order(word, parts, value)
  }
  if (parts.length !== 3) throw new Fatal('-Pe or -PX requires service_name/type/parameter')
  if (/\s/.test(value)) throw new Fatal('-Pe does not accept whitespace in parameter value')
  return new Order(word, parts, value)
}
