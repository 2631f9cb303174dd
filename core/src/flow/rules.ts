/** What one next hop is allowed, from its own limits, its transport's and the site's; a worker's share of it. */
import type { DestinationLimits, TransportLimits } from '../contract/deliver.ts'
import type { Settings } from '../config/schema.ts'
import type { DestinationRules } from './destination.ts'
import { parseFeedback } from './window.ts'

export function rulesOf(
  settings: Settings,
  transport: TransportLimits | undefined,
  own: DestinationLimits | undefined,
  workers: number,
): DestinationRules {
  const said = <K extends keyof DestinationLimits>(key: K): DestinationLimits[K] =>
    usable(key, own?.[key]) ?? usable(key, transport?.[key])
  const rateDelay = said('rateDelay') ?? settings.defaultDestinationRateDelay
  const concurrency = rateDelay > 0 ? 1 : (said('concurrency') ?? settings.defaultDestinationConcurrencyLimit)
  const rate = said('rate')
  return {
    initial: share(said('initialConcurrency') ?? settings.initialDestinationConcurrency, workers),
    limit: share(concurrency, workers),
    leased: concurrency < workers ? concurrency : undefined,
    positive: parseFeedback(settings.defaultDestinationConcurrencyPositiveFeedback),
    negative: parseFeedback(settings.defaultDestinationConcurrencyNegativeFeedback),
    failedCohortLimit: settings.defaultDestinationConcurrencyFailedCohortLimit,
    recipients: said('recipients') ?? settings.defaultDestinationRecipientLimit,
    rateDelay,
    rate: rate && rateShare(rate, workers),
    retry: said('retry'),
  }
}
export const share = (limit: number, workers: number): number => Math.ceil(limit / workers)
/** Never more than the whole, whatever the workers do: what cannot be divided is spread in time. */
function rateShare(rate: NonNullable<DestinationLimits['rate']>, workers: number) {
  const count = Math.floor(rate.count / workers)
  return count >= 1 ? { count, per: rate.per } : { count: 1, per: (rate.per * workers) / rate.count }
}
/** A plugin's limit that would stop everything is none. */
function usable<K extends keyof DestinationLimits>(key: K, value: DestinationLimits[K]): DestinationLimits[K] {
  if (value === undefined) return undefined
  if (key === 'retry') return (value as readonly number[]).length > 0 ? value : undefined
  if (key === 'rate') {
    const { count, per } = value as { count: number; per: number }
    return count >= 1 && per > 0 ? value : undefined
  }
  return (value as number) >= (key === 'rateDelay' ? 0 : 1) ? value : undefined
}
