/** Many lookups on one connection to a real slapd: each with its own answer, whatever becomes of the server. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, until, within } from '@postern/testkit'
import { Client } from 'ldapts'
import { escapeFilter } from '../src/escape.ts'
import { parseFilter } from '../src/filter.ts'
import { comparedIn, end, entry, fake } from './support/fake.ts'
import type { Asked } from './support/fake.ts'
import { open } from './support/open.ts'
import { inParallel } from './support/postmap.ts'
import { missing, slapd } from './support/slapd.ts'
import type { Slapd } from './support/slapd.ts'

/** names with all that a filter could stumble over */
const ODD = [
  'a*b',
  'a(b)',
  'a\\b',
  'a\\2ab',
  'jürgen',
  '日本',
  '😀',
  'a b',
  'a,b',
  '*',
  '()',
  '\\',
  'a&b|c!d',
  'x=y',
  '#1',
]
const PEOPLE = 1500
const nameOf = (i: number) => (i < ODD.length ? ODD[i]! : `u${i}`)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const person = (i: number) =>
  `dn: uid=p${i},dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: p${i}\ncn:: ${base64(nameOf(i))}\nsn: s\ndescription: one of ${i}\n\n`

const test = suite('ldap: many at once')
const why = missing()
const it = why ? test.skip : test
let server: Slapd
test.before(async () => {
  if (!why)
    server = await slapd({ ldif: Array.from({ length: PEOPLE }, (_v, i) => person(i)).join(''), config: 'threads 8' })
})
test.after(() => server?.close())
const options = (more: object = {}) => ({
  serverHost: server.url,
  searchBase: 'dc=example,dc=org',
  queryFilter: '(cn=%s)',
  resultAttribute: 'uid',
  timeout: 1,
  ...more,
})

it('3,000 keys with 50 under way are answered as one by one, and as another client answers them', async () => {
  const t = await open(options({ timeout: 20 }))
  const keys = Array.from({ length: 3000 }, (_v, i) => nameOf((i * 7919) % (2 * PEOPLE)))
  const together = await inParallel(keys, (key) => t.ask(key), 50)
  const client = new Client({ url: server.url })
  const [alone, theirs]: [unknown[], unknown[]] = [[], []]
  for (const key of keys) {
    alone.push(await t.ask(key))
    const filter = parseFilter(`(cn=${escapeFilter(key)})`)
    const { searchEntries } = await client.search('dc=example,dc=org', { filter, attributes: ['uid'] })
    theirs.push(
      searchEntries.length === 0
        ? { kind: 'absent' }
        : { kind: 'found', value: searchEntries.map((e) => String(e.uid)).join(',') },
    )
  }
  await client.unbind()
  assert.equal(together, alone)
  assert.equal(together, theirs)
  assert.is(together.filter(({ kind }) => kind === 'found').length, 1500)
  assert.is(t.stats().connections, 1)
  await t.close()
})
it('30 under way and the server stopped: all fail in time, none is absent; awake: found', async () => {
  const t = await open(options())
  assert.equal(await t.ask('u20'), { kind: 'found', value: 'p20' })
  server.freeze()
  try {
    const all = Array.from({ length: 30 }, (_v, i) => t.ask(`u${20 + i}`))
    const answers = await within('stopped', Promise.all(all), 6000)
    assert.equal(new Set(answers.map(({ kind }) => kind)), new Set(['failed']))
  } finally {
    server.thaw()
  }
  await until('found again', async () => (await t.ask('u20')).kind === 'found')
  await t.close()
})
it('30 under way and the server killed: failed or right, none is absent; back: all found', async () => {
  const t = await open(options())
  assert.equal(await t.ask('u20'), { kind: 'found', value: 'p20' })
  // what is asked of a server that is stopped is under way when it is killed
  server.freeze()
  const all = Array.from({ length: 30 }, (_v, i) => t.ask(`u${20 + i}`))
  await sleep(50)
  await server.kill()
  const answers = await within('killed', Promise.all(all), 5000)
  // to be killed it is woken up, and may answer some
  for (const [i, answer] of answers.entries())
    if (answer.kind !== 'failed') assert.equal(answer, { kind: 'found', value: `p${20 + i}` })
  await server.start()
  await until('found again', async () => (await t.ask('u20')).kind === 'found')
  const again = await Promise.all(Array.from({ length: 30 }, (_v, i) => t.ask(`u${20 + i}`)))
  again.forEach((answer, i) => assert.equal(answer, { kind: 'found', value: `p${20 + i}` }))
  await t.close()
})
it('30 under way and the server killed, with a second one: all found there', async () => {
  const second = await slapd({ ldif: Array.from({ length: 50 }, (_v, i) => person(i)).join('') })
  const t = await open(options({ serverHost: [server.url, second.url], timeout: 5 }))
  assert.equal(await t.ask('u20'), { kind: 'found', value: 'p20' })
  server.freeze()
  const all = Array.from({ length: 30 }, (_v, i) => t.ask(`u${20 + i}`))
  await sleep(50)
  await server.kill()
  const answers = await within('killed', Promise.all(all), 9000)
  answers.forEach((answer, i) => assert.equal(answer, { kind: 'found', value: `p${20 + i}` }))
  await server.start()
  await t.close()
  await second.close()
})
it('aborted among others: ends at once, and only it', async () => {
  const t = await open(options({ timeout: 5 }))
  assert.equal(await t.ask('u20'), { kind: 'found', value: 'p20' })
  server.freeze()
  const abort = new AbortController()
  const mine = Array.from({ length: 3 }, (_v, i) => t.ask(`u${30 + i}`, { signal: abort.signal }))
  const others = Array.from({ length: 20 }, (_v, i) => t.ask(`u${40 + i}`))
  await sleep(20)
  abort.abort(new Error('the client has gone'))
  try {
    for (const answer of await within('aborted', Promise.all(mine), 1000)) assert.is(answer.kind, 'failed')
  } finally {
    server.thaw()
  }
  ;(await Promise.all(others)).forEach((answer, i) => assert.equal(answer, { kind: 'found', value: `p${40 + i}` }))
  await t.close()
})
it('as many as the option says are under way on a connection; more connections only beyond that', async () => {
  const held: Asked[] = []
  const directory = await fake((asked) => asked.operation === 0x63 && void held.push(asked))
  const t = await open(
    options({ serverHost: directory.url, queryFilter: '(mail=%s)', requestsInFlight: 5, connections: 3, timeout: 10 }),
  )
  const answer = (one: Asked) => one.socket.write(Buffer.concat([entry(one.id, [comparedIn(one)]), end(one.id)]))
  const first = Array.from({ length: 5 }, (_v, i) => t.ask(`a${i}@x`))
  await until('five', () => held.length === 5)
  assert.is(new Set(held.map(({ socket }) => socket)).size, 1)
  const more = Array.from({ length: 30 }, (_v, i) => t.ask(`b${i}@x`))
  await until('fifteen', () => held.length === 15)
  const count = new Map<object, number>()
  for (const { socket } of held) count.set(socket, (count.get(socket) ?? 0) + 1)
  assert.equal([...count.values()], [5, 5, 5])
  let answered = 0
  const timer = setInterval(() => {
    while (answered < held.length) answer(held[answered++]!)
  }, 5)
  const values = await within('all', Promise.all([...first, ...more]), 9000)
  clearInterval(timer)
  assert.is(new Set(values.map((one) => (one.kind === 'found' ? one.value : one.kind))).size, 35)
  assert.is(t.stats().connections, 3)
  await t.close()
  directory.close()
})
test.run()
