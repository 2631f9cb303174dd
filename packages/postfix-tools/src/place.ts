/** Where the mail system is that a program was asked about, and what configures it. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findConfig } from '@postern/cli/queue'
import type { Found } from '@postern/cli/queue'
import { SEARCH_PLACES } from '@postern/core'
import { Fatal, placeOf } from '@postern/sendmail/queue'
import type { Place } from '@postern/sendmail/queue'

const DEFAULT_CONFIG = '/etc/postern'
const DEFAULT_POSTFIX = '/etc/postfix'

/** The configuration itself. Throws Fatal where only the spool is known. */
export async function foundAt(place: Place): Promise<Found> {
  const file = place.config ?? ownConfig(process.env.MAIL_CONFIG || DEFAULT_CONFIG)
  if (file === undefined) throw new Fatal(`no configuration of ${place.spool} is known: name its folder with -c`)
  const found = await findConfig(file)
  if (found.spool !== place.spool)
    throw new Fatal(`${file} is not the configuration of ${place.spool}: name its folder with -c`)
  return found
}
/** A mail system that may never have run. */
export type StartPlace = Place & { readonly config: string }
/** That of -c or MAIL_CONFIG; without them Postern's own in /etc/postern, or /etc/postfix. Throws Fatal where there is neither. */
export async function startPlace(named: string | undefined): Promise<StartPlace> {
  const given = named ?? (process.env.MAIL_CONFIG || undefined) ?? ownConfig(DEFAULT_CONFIG) ?? DEFAULT_POSTFIX
  const place = await placeOf(given)
  const config = place.config ?? ownConfig(given)
  if (config === undefined) throw new Fatal(`no configuration in ${given}`)
  return { ...place, config }
}
function ownConfig(named: string): string | undefined {
  if (statSync(named, { throwIfNoEntry: false })?.isFile()) return named
  return SEARCH_PLACES.map((name) => join(named, name)).find((file) => existsSync(file))
}
export { placeOf }
export type { Place }
