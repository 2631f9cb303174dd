/** The services of smtpd(8): ways in. */
import { endpointOf, isDisabled, portNumber } from '../endpoint.ts'
import type { MasterCf, Service } from '../master-cf.ts'
import type { Build } from './build.ts'
import { ownAddresses, protocolsOf } from './interfaces.ts'
import { LISTENER } from './map/smtpd.ts'
import type { Reader } from './reader.ts'
import { isListener } from './services.ts'

export interface ImportedListener {
  readonly name: string
  readonly service: Service
  readonly reader: Reader
}

export function listeners(build: Build, master: MasterCf, base: Reader): ImportedListener[] {
  const disabled = base.words('master_service_disable')
  return master.services
    .filter((service) => isListener(service) && !isDisabled(service, disabled))
    .flatMap((service) => {
      const r = base.forService(service)
      const endpoint = endpointOf(service.name)
      const port = 'problem' in endpoint ? undefined : portNumber(endpoint.port, r.parameters)
      if ('problem' in endpoint || port === undefined) {
        const why = 'problem' in endpoint ? endpoint.problem : `unknown service: ${endpoint.port}/tcp`
        build.problems.push(`${service.file}:${service.line}: ${service.name}: ${why}`)
        return []
      }
      const as = `smtpd-${service.name.replace(/[^\w-]+/g, '-').replace(/^-|-$/g, '')}`
      const listen = doors(endpoint.host, port, r)
      const host = r.text('myhostname')
      const named = host === base.text('myhostname') ? {} : { myhostname: host }
      build.use({ plugin: 'listen-smtp', rows: LISTENER }, r, { as, extra: { listen, ...named } })
      return [{ name: as, service, reader: r }]
    })
}
function doors(host: string, port: number, r: Reader): string[] {
  if (host !== '') return [host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`]
  const protocols = protocolsOf(r.words('inet_protocols'))
  const words = r.words('inet_interfaces')
  if (words.some((word) => word.toLowerCase() === 'all'))
    return protocols === 'all' ? [String(port)] : [protocols === 'ipv4' ? `0.0.0.0:${port}` : `[::]:${port}`]
  return ownAddresses(words, protocols).map((a) => (a.includes(':') ? `[${a}]:${port}` : `${a}:${port}`))
}
