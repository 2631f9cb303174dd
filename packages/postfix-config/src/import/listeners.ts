/** The services of smtpd(8): ways in. */
import type { MasterCf } from '../master-cf.ts'
import type { Build } from './build.ts'
import { ownAddresses, protocolsOf } from './interfaces.ts'
import { LISTENER } from './map/smtpd.ts'
import type { Reader } from './reader.ts'
import { doorOf, isListener } from './services.ts'

export interface ImportedListener {
  readonly name: string
  readonly reader: Reader
}

export function listeners(build: Build, master: MasterCf, base: Reader): ImportedListener[] {
  return master.services.filter(isListener).flatMap((service) => {
    const r = base.forService(service)
    const { host, port } = doorOf(service.name)
    if (port === undefined) {
      build.problems.push(`master.cf: ${service.name}: there is no such port in /etc/services`)
      return []
    }
    const as = `smtpd-${service.name.replace(/[^\w-]+/g, '-').replace(/^-|-$/g, '')}`
    build.use({ plugin: 'listen-smtp', rows: LISTENER }, r, { as, extra: { listen: doors(host, port, r) } })
    return [{ name: as, reader: r }]
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
