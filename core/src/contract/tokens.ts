/**
 * Tokens: typed names for what plugins share. Compared by `id`, never by identity, so that two copies of the core in
 * one tree agree.
 */
import type { z } from 'zod'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A fact about a session or transaction, for its lifetime. Whoever holds the token may read; the declaring plugin writes. */
export interface SlotToken<T> {
  readonly kind: 'slot'
  readonly id: string
  readonly scope: 'session' | 'transaction'
  readonly __type?: T
}
/** A schema-checked JSON fact in the envelope: there in resolve and deliver, after a restart too. */
export interface MarkToken<T extends Json> {
  readonly kind: 'mark'
  readonly id: string
  readonly schema: z.ZodType<T>
}
/** Something that plugins provide and need: one implementation, or several by name. */
export interface Role<T, K extends 'one' | 'named' = 'one' | 'named'> {
  readonly kind: 'role'
  readonly id: string
  readonly arity: K
  readonly __type?: T
}
export type AnyRole = Role<any, 'one' | 'named'> // eslint-disable-line @typescript-eslint/no-explicit-any

/** The implementations of a named role, by name. */
export interface Named<T> {
  get(name: string): T | undefined
  names(): readonly string[]
}
export type Needs = Readonly<Record<string, AnyRole>>
export type Resolved<N extends Needs> = {
  readonly [P in keyof N]: N[P] extends Role<infer T, infer K> ? (K extends 'one' ? T : Named<T>) : never
}

export const sessionSlot = <T>(id: string): SlotToken<T> => ({ kind: 'slot', id, scope: 'session' })
export const transactionSlot = <T>(id: string): SlotToken<T> => ({ kind: 'slot', id, scope: 'transaction' })
export const mark = <T extends Json>(id: string, schema: z.ZodType<T>): MarkToken<T> => ({ kind: 'mark', id, schema })
export const roleOne = <T>(id: string): Role<T, 'one'> => ({ kind: 'role', id, arity: 'one' })
export const roleNamed = <T>(id: string): Role<T, 'named'> => ({ kind: 'role', id, arity: 'named' })
