/**
 * Run where /etc and the network are its own: prints what the tables say of names while their service, a name server that
 * hesiod asks, is down, answers, says that it cannot, and hangs.
 */
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { fakeCall, zone } from '@postern/testkit'
import { events, unix } from './table.ts'

const users = unix('passwd.byname')
const groups = unix('group.byname')
const said: Record<string, unknown> = {}
const nss = (services: string) => writeFileSync('/etc/nsswitch.conf', `passwd: ${services}\ngroup: ${services}\n`)
const ask = async (what: string, table = users, key = what) => void (said[what] = await table.get(key, fakeCall()))
const ZONE = `here.passwd.ns.test TXT here:x:40001:40001:A User:/tmp:/bin/sh
crew.group.ns.test TXT crew:x:40002:here
`
nss('files [NOTFOUND=continue] hesiod')
await ask('down')
await ask('downGroup', groups, 'crew')
await ask('nobody')
said.check = (await users.check!()) ?? 'well'
const server = await zone(ZONE, { port: 53 })
await ask('here')
await ask('crew', groups)
await ask('gone')
// what failed is not kept
await ask('again', users, 'down')
const kindOf = async (key: string) => (await users.get(key, fakeCall())).kind
said.batch = await Promise.all(['here', 'nobody', 'x1', 'x2', 'root', 'x3'].map(kindOf))
server.set(`${ZONE}servfail.passwd.ns.test SERVFAIL\n*.passwd.ns.test SERVFAIL\n`)
await ask('servfail')
await server.stop()
const deaf = createSocket('udp4')
await new Promise<void>((done) => deaf.bind(53, '127.0.0.1', done))
const call = fakeCall()
const hung = users.get('hung', call)
setTimeout(() => call.abort(new Error('the client has gone')), 300)
said.hung = await hung
await new Promise<void>((done) => deaf.close(() => done()))
nss('files nis')
await ask('nomodule')
nss('files systemd')
await ask('local')
said.events = events
process.stdout.write(JSON.stringify(said))
await users.close!()
await groups.close!()
