/** Which clients are in a list of networks. */
import { BlockList, isIP } from 'node:net'

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

export function clientList(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address, bits] = network.split('/') as [string, string?]
    const family = familyOf(address)
    list.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family)
  }
  return (client) => {
    // an IPv4 client of an IPv6 socket is an IPv4 client
    const address = client.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
    return isIP(address) !== 0 && list.check(address, familyOf(address))
  }
}
