/** postconf -M, -F, -P with a value, -MX, -M#, -PX: master.cf changed. What is changed is written in columns, the rest stays. */
import { join } from 'node:path'
import { parseMasterCf } from '@postern/postfix-config'
import type { Service } from '@postern/postfix-config'
import { Fatal } from '@postern/sendmail/queue'
import type { Say } from '../program.ts'
import { fieldChanged, parameterChanged, parameterRemoved } from './edit-service.ts'
import { orderOf } from './order.ts'
import type { Order } from './order.ts'
import { replaceFile } from './replace.ts'
import type { Request } from './request.ts'
import { entryLine } from './services.ts'

/** Lines from an entry's first one to the next entry's. */
type Lines = readonly { readonly line: string; readonly isRemark: boolean }[]

/** Throws Fatal, with the file as it was. */
export function editMaster(dir: string, request: Request, say: Say): void {
  const orders = request.words.map((word) => orderOf(word, request))
  replaceFile(join(dir, 'master.cf'), (lines) => {
    const { head, entries } = entriesOf(lines)
    const out = [...head, ...entries.flatMap((entry) => changed(entry, orders, request))]
    const fresh = request.mode === 'M' && request.edit === 'e' ? orders.filter((o) => !o.isMatched) : []
    return [...out, ...fresh.flatMap((order) => columns(serviceOf(order.value)))]
  })
  if (request.mode === 'M') return
  for (const order of orders) if (!order.isMatched) say(`warning: unmatched service_name/type: "${order.word}"`)
}

const isRemark = (line: string): boolean => /^[ \t\n\v\f\r]*(#|$)/.test(line)
function entriesOf(lines: readonly string[]): { head: string[]; entries: Lines[] } {
  const head: string[] = []
  const entries: { line: string; isRemark: boolean }[][] = []
  for (const line of lines) {
    if (!isRemark(line) && !/^[ \t]/.test(line)) entries.push([{ line, isRemark: false }])
    else if (entries.length === 0) head.push(line)
    else entries.at(-1)!.push({ line, isRemark: isRemark(line) })
  }
  return { head, entries }
}
function changed(entry: Lines, orders: readonly Order[], { mode, edit }: Request): string[] {
  const own = entry.filter((l) => !l.isRemark).map((l) => l.line)
  const [name = '', type = ''] = own[0]!.split(/[ \t\r\n]+/)
  const mine = orders.filter((order) => order.matches(name, type))
  const remarks = entry.filter((l) => l.isRemark).map((l) => l.line)
  if (mine.length === 0) return entry.map((l) => l.line)
  for (const order of mine) order.isMatched = true
  if (mode === 'M') {
    if (edit === '#') return entry.map((l) => (l.isRemark ? l.line : `#${l.line}`))
    return edit === 'X' ? remarks : [...columns(serviceOf(mine.at(-1)!.value)), ...remarks]
  }
  let service = serviceOf(own.join(' '))
  for (const order of mine)
    if (mode === 'F') service = fieldChanged(service, order, serviceOf)
    else service = edit === 'X' ? parameterRemoved(service, order) : parameterChanged(service, order)
  // Postfix puts what stood within the entry before it
  return [...remarks, ...columns(service)]
}

/** Throws Fatal on a line that is no entry. */
function serviceOf(line: string): Service {
  const { services, problems } = parseMasterCf(line, 'master.cf')
  const [service] = services
  if (service && !problems.some((p) => p.fatal)) return service
  const text = problems.find((p) => p.fatal)?.text ?? 'missing "service name" field'
  throw new Fatal(/^missing ".*" field$/.test(text) ? `bad field count: "${line}"` : text)
}
const columns = (service: Service): string[] =>
  entryLine(undefined, service, { folded: true, expanded: false }).trimEnd().split('\n')
