import type { HelperSettings } from '@postern/processes'

/** How many processes do the work, and as whom. */
export interface Plan {
  readonly workers: number
  /** said on the command line: a reload does not change it */
  readonly fixed: boolean
  /** another user than this process's */
  readonly user?: string
  /** workers of a primary; otherwise one process does everything */
  readonly primary: boolean
  /** what the helper for users is started with */
  readonly users: HelperSettings
}
/** set in a daemon's environment by the command that starts it */
export const PLAN = 'POSTERN_PLAN'
export const planGiven = (): Plan | undefined =>
  process.env[PLAN] === undefined ? undefined : (JSON.parse(process.env[PLAN]) as Plan)
