/** Rates as people say them: `10/1m`, `10/minute`, `10 per minute`, `10 a minute`, `500/h`, `1/30s`. */
import { parseDuration } from '@postern/core'

const UNIT = String.raw`(?:ms|s|m|h|d|w|seconds?|sec|minutes?|min|hours?|days?|weeks?)`
export const RATE = new RegExp(String.raw`^\s*(\d+)\s*(?:\/|per\s+|an?\s+)\s*((?:\d+(?:\.\d+)?\s*)?${UNIT})\s*$`, 'i')

/** `per` in ms */
export function parseRate(text: string): { count: number; per: number } {
  const [, count, span] = RATE.exec(text) ?? []
  const [, number = '1', unit = ''] = /^([\d.]*)\s*([a-z]+)$/i.exec(span ?? '') ?? []
  const short = /^ms$/i.test(unit) ? unit : unit.slice(0, 1)
  return { count: Number(count), per: parseDuration(`${number === '' ? '1' : number}${short}`) }
}
