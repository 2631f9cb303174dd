/** Option types that the core understands: durations, sizes, secrets, tables, transports. */
import { z } from 'zod'
import type { TableDefinition } from './lookup.ts'

const UNITS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }
const SIZES: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, b: 1 }

/** A duration: `300` (seconds), `"5m"`, `"1h30m"`; in `apply`, milliseconds. */
export const duration = () =>
  z
    .union([
      z.number().nonnegative(),
      z.string().regex(/^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)?\s*)+$/i, 'expected a duration like 30s, 5m, 1h30m'),
    ])
    .transform((v) => parseDuration(v))
    .meta({ postern: 'duration' })
export function parseDuration(v: number | string): number {
  if (typeof v === 'number') return v * 1000
  let ms = 0
  for (const m of v.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?/gi))
    ms += Number(m[1]) * UNITS[(m[2] ?? 's').toLowerCase()]!
  return ms
}
/** A size: `10240000` (bytes), `"10M"`, `"512k"`; in `apply`, bytes. */
export const size = () =>
  z
    .union([
      z.number().int().nonnegative(),
      z.string().regex(/^\s*\d+(\.\d+)?\s*[kmg]?(i?b)?\s*$/i, 'expected a size like 10M, 512k'),
    ])
    .transform((v) => parseSize(v))
    .meta({ postern: 'size' })
export function parseSize(v: number | string): number {
  if (typeof v === 'number') return v
  const m = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)/i.exec(v)!
  return Math.round(Number(m[1]) * SIZES[m[2]!.toLowerCase()]!)
}
/** A secret: never printed, never in error texts. `reveal()` gives the text. */
export interface Secret {
  reveal(): string
}
class SecretText implements Secret {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  reveal(): string {
    return this.#text
  }
  toString(): string {
    return '(secret)'
  }
  toJSON(): string {
    return '(secret)'
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '(secret)'
  }
}
export const secret = () =>
  z
    .string()
    .transform((v): Secret => new SecretText(v))
    .meta({ postern: 'secret' })

/** A table, written `type:name` (`hash:/etc/postern/virtual`) or inline as an object `{ type: 'inline', ... }`. */
export interface TableRef {
  readonly kind: 'tableRef'
  readonly type: string
  readonly spec: string | Readonly<Record<string, unknown>>
}
export const tableRef = () =>
  z
    .union([
      z.string().regex(/^[a-z][\w-]*:/i, 'expected a table as type:name, e.g. hash:/etc/postern/aliases'),
      z.looseObject({ type: z.string().regex(/^[a-z][\w-]*$/i) }),
    ])
    .transform((v) => tableRefOf(v))
    .meta({ postern: 'tableRef' })
/** `type:name` or an options object as a reference. Throws when it is neither. */
export function tableRefOf(v: TableDefinition): TableRef {
  if (typeof v === 'string') {
    const at = v.indexOf(':')
    if (!/^[a-z][\w-]*$/i.test(v.slice(0, Math.max(at, 0))))
      throw new TypeError(`expected a table as type:name, got "${v}"`)
    return { kind: 'tableRef', type: v.slice(0, at), spec: v.slice(at + 1) }
  }
  const { type, ...spec } = v
  return { kind: 'tableRef', type, spec }
}
/** A transport's name, or `name:nexthop`. Give it to `mta.transport` so that a misspelt one stops the start. */
export const transportRef = () =>
  z
    .string()
    .regex(/^[a-z][\w-]*(:.*)?$/i, 'expected a transport as name or name:nexthop')
    .meta({ postern: 'transportRef' })
/** Marks an option that a reload cannot change. */
export const needsRestart = <S extends z.ZodType>(schema: S): S =>
  schema.meta({ ...schema.meta(), needsRestart: true }) as S
