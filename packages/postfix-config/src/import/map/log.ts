/** The log: Postfix's lines, to its file or to syslog. */
import { programOf } from '../../master-cf.ts'
import type { Service } from '../../master-cf.ts'
import type { Build } from '../build.ts'
import type { Reader } from '../reader.ts'
import { rows } from '../rows.ts'
import type { Mapping } from '../rows.ts'

const LOG: Mapping = {
  plugin: 'ops-syslog',
  rows: rows(
    ['maillog_file', 'text'],
    ['maillog_file_prefixes', 'words'],
    ['syslog_name', 'text'],
    ['syslog_facility', 'text'],
    ['smtpd_tls_loglevel', 'count'],
    ['smtp_tls_loglevel', 'count'],
    ['anvil_rate_time_unit', 'time'],
    ['anvil_status_update_time', 'time'],
    ['delay_logging_resolution_limit', 'count'],
  ),
}
/** A listener or transport by its name here, and the service that it is made of. */
export type Named = readonly [name: string, service: Service]

/** Each service by its program's name, as Postfix logs it. */
export function log(build: Build, services: readonly Named[], base: Reader): void {
  const names = services.map(([name, service]) => {
    const own = base.forService(service)
    const program = programOf(service) === 'postscreen' ? 'smtpd' : programOf(service)
    const syslogName = own.text('syslog_name')
    build.origins.push({
      parameter: 'syslog_name',
      use: `${LOG.plugin}.services.${name}`,
      option: 'syslogName',
      set: true,
    })
    return [name, { program, ...(syslogName !== base.text('syslog_name') && { syslogName }) }] as const
  })
  build.use(LOG, base, { extra: { services: Object.fromEntries(names) } })
}
