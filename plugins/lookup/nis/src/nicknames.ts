/** Short names of maps, as ypmatch(1) and ypcat(1) take them. */
import { readFile } from 'node:fs/promises'

const FILE = '/var/yp/nicknames'
/** of every system that has NIS; the file may have more */
const USUAL: Readonly<Record<string, string>> = {
  aliases: 'mail.aliases',
  ethers: 'ethers.byname',
  group: 'group.byname',
  hosts: 'hosts.byname',
  networks: 'networks.byaddr',
  passwd: 'passwd.byname',
  protocols: 'protocols.bynumber',
  services: 'services.byname',
}
/** The map that a short name stands for, if it is one. The file has `short MAP` lines; without it the usual ones count. */
export async function mapOfNickname(name: string, file = FILE): Promise<string | undefined> {
  try {
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const [short, map] = line.trim().split(/\s+/)
      if (short === name && map !== undefined) return map
    }
  } catch {
    // few systems have the file
  }
  return Object.hasOwn(USUAL, name) ? USUAL[name] : undefined
}
