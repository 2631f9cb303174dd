/** What few messages have, beside their rows. */
import type { Held } from './envelope.ts'

/** Where an EXPAND stands. */
export interface Place {
  readonly segment: number
  readonly offset: number
}
export interface Extra {
  /** where it does not fit into the row */
  created?: number
  size?: number
  file?: string
  held?: Held
  /** of more than eight recipients */
  states?: { nibbles: Uint8Array; count: number; pending: number }
  /** by the number of the first child */
  expands?: Map<number, Place>
}

/** Made when there is none. */
export function extraOf(extras: Map<number, Extra>, slot: number): Extra {
  let extra = extras.get(slot)
  if (!extra) extras.set(slot, (extra = {}))
  return extra
}
