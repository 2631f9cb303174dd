/** Runs the plugin as the core does: apply, start, ready, drain, stop; `keep` hands doors from one graph to the next. */
import type { AddressInfo } from 'node:net'
import { LocalShared, noSockets } from '@postern/core'
import type { Lifecycle, Mta, Resolver, Shared, Site } from '@postern/core'
import listenSmtp from '@postern/listen-smtp'
import { clock, fakeCore, quiet } from './fake.ts'
import type { Fake, Script } from './fake.ts'

export interface Running {
  readonly port: number
  readonly fake: Fake
  drain(signal?: AbortSignal): Promise<void>
  stop(): Promise<void>
}
export type Kept = Map<string, { value: unknown; dispose: () => Promise<void> | void }>

const SITE: Site = {
  worker: { index: 0, count: 1 },
  myhostname: 'mail.postern.example',
  mydomain: 'postern.example',
  myorigin: 'postern.example',
  mailName: 'Postfix',
  recipientDelimiter: '',
  spool: '/nonexistent',
  messageSizeLimit: 10240000,
  headerSizeLimit: 102400,
  enableOriginalRecipient: true,
  recipientLimit: 1000,
  hopcountLimit: 50,
  softBounce: false,
  bounceSizeLimit: 50000,
  delayWarningTime: 0,
  maximalQueueLifetime: 432_000_000,
}

export async function run(
  options: Record<string, unknown> = {},
  script: Script = {},
  kept: Kept = new Map(),
  resolver?: Resolver,
  shared: Shared = new LocalShared(clock),
): Promise<Running> {
  const fake = fakeCore(script)
  const { definition } = listenSmtp
  const parsed = definition.options.parse({ listen: ['127.0.0.1:0'], smtpdErrorSleepTime: 0, ...options })
  const hooks: Lifecycle[] = []
  let name: string | undefined
  const mta = {
    as: undefined,
    name: 'listen-smtp',
    site: options['messageSizeLimit'] === 0 ? { ...SITE, messageSizeLimit: 0 } : SITE,
    log: quiet,
    clock,
    shared,
    sockets: noSockets,
    folder: '/',
    listen: (as: string) => {
      name = as
      return () => fake.listener
    },
    lifecycle: (h: Lifecycle) => void hooks.push(h),
    keep: <T>(key: string, make: () => T, dispose: (value: T) => Promise<void> | void) => {
      return (): T => {
        if (!kept.has(key)) {
          const value = make()
          kept.set(key, { value, dispose: () => dispose(value) })
        }
        return kept.get(key)!.value as T
      }
    },
  } as unknown as Mta
  definition.apply(mta, parsed, { resolver })
  if (name === undefined) throw new Error('mta.listen was not called')
  for (const h of hooks) await h.start?.(new AbortController().signal)
  for (const h of hooks) await h.ready?.()
  const door = [...kept.values()][0]!.value as { bound?: AddressInfo }
  return {
    port: door.bound!.port,
    fake,
    drain: async (signal = new AbortController().signal) => {
      for (const h of hooks) await h.drain?.(signal)
    },
    stop: async () => {
      for (const h of hooks) await h.stop?.()
    },
  }
}
