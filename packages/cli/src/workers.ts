/** How many processes do the work. */
import { InvalidArgumentError } from 'commander'

const MOST = 64

/** Throws InvalidArgumentError. */
export function workerCount(text: string): number {
  const n = Number(text)
  if (/^\d+$/.test(text) && n >= 1 && n <= MOST) return n
  throw new InvalidArgumentError(`expected a number of workers, 1 to ${MOST}, not "${text}"`)
}
