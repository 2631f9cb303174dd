/** What the configuration says about the helper for users. */
import { configSchema } from '@postern/core'
import type { LoadedConfig, Settings } from '@postern/core'
import type { HelperSettings } from '@postern/processes'

const NAMES = { users: true, deliverLockAttempts: true, deliverLockDelay: true, staleLockTime: true } as const
type Told = Pick<Settings, keyof typeof NAMES>

export const helpersOf = ({ users, deliverLockAttempts, deliverLockDelay, staleLockTime }: Told): HelperSettings => ({
  ...users,
  lockAttempts: deliverLockAttempts,
  lockDelay: deliverLockDelay,
  staleLock: staleLockTime,
})
/** The defaults where the configuration is wrong: the first worker tells what is, and nothing is started. */
export function helpersIn(loaded: LoadedConfig): HelperSettings {
  const schema = configSchema.pick(NAMES)
  const said = Object.keys(NAMES).flatMap((name) => {
    const value = loaded.values[name]?.value
    return value === undefined ? [] : [[name, value]]
  })
  return helpersOf(schema.safeParse(Object.fromEntries(said)).data ?? schema.parse({}))
}
