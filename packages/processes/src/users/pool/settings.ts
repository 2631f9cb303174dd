/** What an operator may set, with the defaults of the configuration. */
import type { Settings } from '../helper/target.ts'

export interface HelperSettings extends Settings {
  /** helpers at a time */
  readonly processes: number
}
const DEFAULTS: HelperSettings = {
  minimumUid: 100,
  processes: 4,
  programs: 25,
  strict: false,
  strictProcesses: 20,
  deadline: 60_000,
  lockAttempts: 20,
  lockDelay: 1000,
  staleLock: 500_000,
  mailSpools: ['/var/mail', '/var/spool/mail'],
}
/** Those that are said, and the defaults of the others; nothing else of `o`. */
export function settingsOf(o: Partial<HelperSettings>): HelperSettings {
  const names = Object.keys(DEFAULTS) as (keyof HelperSettings)[]
  return Object.fromEntries(names.map((name) => [name, o[name] ?? DEFAULTS[name]])) as unknown as HelperSettings
}
