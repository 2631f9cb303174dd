/** What a parameter can be. */

/** How a value is read: what `Parameters` makes of it, and what a mapping may expect there. */
export type Kind =
  /** yes or no */
  | 'bool'
  | 'int'
  /** an integer that counts bytes */
  | 'bytes'
  /** a number and a unit; without one the parameter's own */
  | 'time'
  | 'text'
  /** one, or some, of `values` */
  | 'one'
  | 'some'
  /** words between commas and blanks */
  | 'list'
  /** a list of names (domains, users), of networks: with `!`, `/file` and `type:table` among them (`readList`) */
  | 'domains'
  | 'networks'
  /** `type:table` ... */
  | 'tables'
  | 'restrictions'
  | 'command'
  | 'path'
  /** `transport:nexthop` */
  | 'transport'
  | 'nexthop'
  | 'address'
  /** the name of a service in master.cf */
  | 'service'

export interface More {
  /** of a time without one: s m h d w */
  unit?: Unit
  /** the first version that had it; absent: 2.0 or older, or not known */
  since?: string
  /** expanded only when it is used, with the names of that moment ($recipient, $rbl_domain ...) */
  raw?: boolean
  /** what main.cf says of it does not count */
  readOnly?: boolean
  /** its default is asked of this host (`Host`) */
  computed?: boolean
}
export interface Known extends More {
  readonly kind: Kind
  /** as written, unexpanded */
  readonly default: string
  readonly values?: readonly string[]
}
export type Unit = 's' | 'm' | 'h' | 'd' | 'w'
export type Group = Record<string, Known>

const plain =
  (kind: Kind) =>
  (value: string, more: More = {}): Known => ({ kind, default: value, ...more })
export const bool = plain('bool')
export const int = plain('int')
export const bytes = plain('bytes')
export const text = plain('text')
export const list = plain('list')
export const domains = plain('domains')
export const networks = plain('networks')
export const tables = plain('tables')
export const restrictions = plain('restrictions')
export const command = plain('command')
export const path = plain('path')
export const transport = plain('transport')
export const nexthop = plain('nexthop')
export const address = plain('address')
export const service = plain('service')
/** The unit is the one that the default is written with, as in Postfix. */
export const time = (value: string, more: More = {}): Known => ({
  kind: 'time',
  default: value,
  unit: value.at(-1) as Unit,
  ...more,
})
export const one = (value: string, values: readonly string[], more: More = {}): Known => ({
  kind: 'one',
  default: value,
  values,
  ...more,
})
export const some = (value: string, values: readonly string[], more: More = {}): Known => ({
  kind: 'some',
  default: value,
  values,
  ...more,
})
