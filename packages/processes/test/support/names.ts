/**
 * Run where /etc and the network are its own: prints what the helper says of names while their service, a name server that
 * hesiod asks, answers, is down, answers again, and says that it cannot.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { UserClient, UserHelpers } from '@postern/processes'
import { zone } from '@postern/testkit'
import { ABOVE, MAIL, callOf, contentOf } from './people.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'pn-names-'))
const socket = path.join(folder, 'users')
const helpers = await UserHelpers.open({ socket, asRoot: (fn) => fn(), log: () => undefined, processes: 1 })
const client = new UserClient(socket)
const said: Record<string, unknown> = {}
const find = async (name: string) => {
  const answer = await client.find(name, callOf())
  said[name] = answer.kind === 'found' ? answer.user.uid : answer
}
const nss = (services: string) => writeFileSync('/etc/nsswitch.conf', `passwd: ${services}\ngroup: files\n`)
const ZONE = 'here.passwd.ns.test TXT here:x:40001:40001::/tmp:/bin/sh\n'

nss('files [NOTFOUND=continue] hesiod')
await find('down')
said.before = said.down
said.mail = await client.deliver(
  { kind: 'maildir', user: 'downtoo', above: ABOVE, folder: { below: 'home', path: 'Maildir/' } },
  contentOf(MAIL),
  callOf(),
)
await find('nobody')
const server = await zone(ZONE, { port: 53 })
await find('here')
await find('gone')
// not believed for a minute, as the others are
await find('down')
said.asked = server.queries.includes('gone.passwd.ns.test TXT')
server.set(`${ZONE}servfail.passwd.ns.test SERVFAIL\n*.passwd.ns.test SERVFAIL\n`)
await find('servfail')
await server.stop()
await find('late')
nss('files nis')
await find('nomodule')
nss('files systemd')
await find('local')
process.stdout.write(JSON.stringify(said))
await helpers.close()
rmSync(folder, { recursive: true })
