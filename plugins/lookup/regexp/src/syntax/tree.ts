/** A pattern, taken apart: what the two notations have in common and RE2 can match. */
import type { ByteSet } from './byte-set.ts'

export type Assertion =
  /** the start and the end of the text */
  | 'start'
  | 'end'
  /** the end, or before a newline that ends the text */
  | 'endOrNewline'
  | 'lineStart'
  | 'lineEnd'
  | 'word'
  | 'notWord'

export type Node =
  | { readonly type: 'byte'; readonly byte: number; readonly fold: boolean }
  | { readonly type: 'set'; readonly set: ByteSet }
  | { readonly type: 'at'; readonly what: Assertion }
  | { readonly type: 'all'; readonly of: readonly Node[] }
  | { readonly type: 'any'; readonly of: readonly Node[] }
  /** `(...)`, counted from 1 in the order of the opening parentheses */
  | { readonly type: 'group'; readonly of: Node }
  /** `max` is Infinity where there is no bound */
  | { readonly type: 'repeat'; readonly of: Node; readonly min: number; readonly max: number; readonly lazy: boolean }

export interface Parsed {
  readonly node: Node
  /** how many groups it captures */
  readonly groups: number
}

/** The pattern is wrong in its own notation: Postfix skips such a rule, too. */
export class BadPattern extends Error {}
/** The pattern is right, and RE2 cannot express it. */
export class Inexpressible extends Error {}

export const all = (of: readonly Node[]): Node => (of.length === 1 ? of[0]! : { type: 'all', of })
export const any = (of: readonly Node[]): Node => (of.length === 1 ? of[0]! : { type: 'any', of })

const isLetter = (byte: number) => (byte | 32) >= 0x61 && (byte | 32) <= 0x7a
/** One byte, in both cases where `fold` says so and it is a letter. */
export const byteNode = (byte: number, fold: boolean): Node => ({ type: 'byte', byte, fold: fold && isLetter(byte) })
