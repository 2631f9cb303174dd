/** How a parameter becomes an option: the forms of the rows in `map/`. */
import type { Reader } from './reader.ts'

/** What a parameter's value is read as. */
export type Kind =
  /** expanded text */
  | 'text'
  /** text whose `$name` are filled in when it is used */
  | 'raw'
  | 'flag'
  | 'count'
  | 'time'
  | 'size'
  | 'words'
  | 'table'
  | 'tables'
  | 'domains'
  | 'networks'
  /** a name, or the first line of a file */
  | 'origin'
/** `undefined`: the option is left out */
export type Conversion = (r: Reader, parameter: string) => unknown
export interface Row {
  readonly parameter: string
  /** where the option is: a name, or a path like `users.minimumUid`; default: the parameter's name in camelCase */
  readonly option?: string
  readonly as: Kind | Conversion
  /** Postern's default is another one, so it is always written */
  readonly always?: boolean
  /** other parameters that the value is made of */
  readonly with?: readonly string[]
}
/** A plugin's part of the map. */
export interface Mapping {
  readonly plugin: string
  readonly rows: readonly Row[]
  /** without it the plugin is always there */
  readonly when?: (r: Reader) => boolean
  /** options that no parameter gives */
  readonly fixed?: Readonly<Record<string, unknown>>
  /** a listener's `-o` may change these options there */
  readonly perListener?: boolean
}

type Short = readonly [parameter: string, as: Kind | Conversion, option?: string]
/** Rows by hand, short: `['smtpd_timeout', 'time']`. */
export const rows = (...short: Short[]): Row[] =>
  short.map(([parameter, as, option]) => ({ parameter, as, ...(option !== undefined && { option }) }))
/** The same for options whose default is not Postfix's. */
export const always = (...short: Short[]): Row[] => rows(...short).map((row) => ({ ...row, always: true }))

export const camelCase = (parameter: string): string =>
  parameter.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
export const optionOf = (row: Row): string => row.option ?? camelCase(row.parameter)
