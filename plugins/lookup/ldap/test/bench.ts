/** Lookups per second and what one costs us, beside `postmap -q -`. Run by hand: node --import tsx plugins/lookup/ldap/test/bench.ts */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { open } from './support/open.ts'
import { inParallel, postmapMany } from './support/postmap.ts'
import { slapd } from './support/slapd.ts'

const COUNT = 20_000
const person = (i: number) =>
  `dn: uid=u${i},dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: u${i}\ncn: u\nsn: u\nmail: u${i}@example.org\n\n`
const server = await slapd({ ldif: Array.from({ length: 2000 }, (_v, i) => person(i)).join('') })
const file = join(server.folder, 't.cf')
writeFileSync(
  file,
  `server_host = ${server.url}\nsearch_base = dc=example,dc=org\nquery_filter = (mail=%s)\nresult_attribute = uid\n`,
)
const keys = Array.from({ length: COUNT }, (_v, i) => `u${i % 4000}@example.org`)
const table = await open(file)
const say = (what: string, ms: number, more = '') =>
  process.stdout.write(`${what}: ${Math.round((COUNT / ms) * 1000)} lookups/s${more}\n`)
await inParallel(keys.slice(0, 5000), (key) => table.ask(key), 50)
for (const width of [1, 50]) {
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await inParallel(keys, (key) => table.ask(key), width)
  const { user, system } = process.cpuUsage(cpu)
  say(
    `ours, ${width} in flight`,
    performance.now() - start,
    `, ${((user + system) / COUNT).toFixed(0)} us of our CPU each`,
  )
}
await postmapMany(file, keys.slice(0, 1))
const start = performance.now()
await postmapMany(file, keys)
say('postmap -q -, with its start', performance.now() - start)
await table.close()
await server.close()
