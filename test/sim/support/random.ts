/** A seeded source of chance: the same seed gives the same simulation. */
export type Random = () => number

/** mulberry32: 0 <= x < 1 */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
/** Waits between events that come `perSecond` times a second on the average, each on its own (a Poisson process), in ms. */
export const gap = (random: Random, perSecond: number): number => (-Math.log(1 - random()) / perSecond) * 1000
