/** The same keys asked of `postmap -q` and of ours, for the same files and the same server. */
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { random } from '@postern/testkit'
import { open } from './support/open.ts'
import { inParallel, postmapMany } from './support/postmap.ts'
import { missing, slapd } from './support/slapd.ts'
import type { Slapd } from './support/slapd.ts'
import { writeOld } from '../../../../packages/lookup-kit/test/support/old-file.ts'

const BASE = 'dc=example,dc=org'
/** As an LDIF line, in base64 where it needs it. */
const line = (name: string, value: string) =>
  /^[\x21-\x39\x3b-\x7e][\x20-\x7e]*$/.test(value) && !value.endsWith(' ')
    ? `${name}: ${value}\n`
    : `${name}:: ${Buffer.from(value).toString('base64')}\n`
const LOCALS = [
  'joe',
  'ann.b',
  "o'hara",
  'a+b',
  'a*b',
  '(x)',
  'a\\b',
  'a,b',
  'a=b',
  'a"b',
  '#x',
  'x y',
  'a;b',
  '<a>',
  'a\\2ab',
]
const NAMES = ['Jürgen', 'Ørsted', '日本', 'e\u0301', '🙂', 'İx', ...LOCALS]
const DOMAINS = ['example.org', 'mail.example.org', 'other.example', 'a.b.c.d.example']
const people = LOCALS.flatMap((local, i) =>
  DOMAINS.slice(0, 1 + (i % 4)).map((domain, j) => ({
    uid: `u${i}-${j}`,
    local,
    domain,
    name: NAMES[(i + j) % NAMES.length]!,
  })),
)
const escapedDn = (text: string) => text.replace(/["+,;<>\\#]/g, '\\$&')
const LDIF =
  `dn: ou=people,${BASE}\nobjectClass: organizationalUnit\nou: people\n\n` +
  people
    .map(
      ({ uid, local, domain, name }) =>
        `dn: uid=${uid},ou=people,${BASE}\nobjectClass: inetOrgPerson\nobjectClass: myExtra\nuid: ${uid}\nsn: x\n` +
        `${line('cn', name)}${line('mail', `${local}@${domain}`)}${line('maildrop', `${local}@box.${domain}`)}${line('description', local)}\n`,
    )
    .join('') +
  NAMES.slice(7)
    .map(
      (local) =>
        `dn: description=${escapedDn(local)},${BASE}\nobjectClass: account\n${line('description', local)}uid: by-name\n\n`,
    )
    .join('')

const test = suite('ldap: as postmap answers')
const why = missing('postmap')
const it = why ? test.skip : test
let server: Slapd
test.before(async () => {
  if (!why) server = await slapd({ ldif: LDIF })
})
test.after(() => server?.close())

const HOSTILE = [
  '*',
  '*)(uid=*',
  ')(|(uid=*)',
  '\\',
  '\\2a',
  'a\\',
  '()',
  '(',
  ')',
  '&',
  '|',
  '!',
  '%s',
  '%',
  '@',
  'a@',
  '@a',
  'a@b@example.org',
  ' joe@example.org',
  '"joe"@example.org',
  'joe@example.org,',
  'uid=u0-0',
  '\u0001',
  '\u007f',
  'x'.repeat(1500),
  'ü@example.org',
  'JÜRGEN',
  'example.org',
  '.example.org',
  '+',
  'u0-0+mail=x',
  'joe@org',
  'joe@EXAMPLE.org',
]
function keys(count: number): string[] {
  const next = random(7)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)]!
  const one = (): string => {
    const roll = next()
    if (roll < 0.2) return pick(people.map(({ local, domain }) => `${local}@${domain}`))
    if (roll < 0.27) return pick(NAMES)
    if (roll < 0.4) return `${pick(LOCALS)}@${pick(DOMAINS)}`
    if (roll < 0.43) return pick(HOSTILE)
    if (roll < 0.55) return one().toUpperCase()
    const text = one()
    const at = Math.floor(next() * (text.length + 1))
    return (
      text.slice(0, at) +
      pick(['*', '(', ')', '\\', 'x', '@', ',', '=', '+', 'é', ' ', '']) +
      text.slice(at + (next() < 0.5 ? 1 : 0))
    )
  }
  // a line holds one key; half of a character, an empty label, a key that ends in blanks are asked elsewhere
  const fit = (key: string) => key !== '' && !/[\n\p{Surrogate}]|@.*\.\.|@\.|\.$|^\s|\s$/u.test(key)
  return [...new Set(Array.from({ length: count }, one))].filter(fit)
}
const tables: [string, string, number][] = [
  ['by address', 'query_filter = (mail=%s)\nresult_attribute = uid\n', 4000],
  ['by local part', 'query_filter = (description=%u)\nresult_attribute = uid, maildrop\n', 2000],
  ['by name', 'query_filter = cn=%s\nresult_attribute = uid\nresult_format = <%s|%S>\n', 2000],
  [
    'parts of the key',
    'query_filter = (&(description=%U)(mail=%s))\nresult_attribute = maildrop\nresult_format = %u|%d|%U|%D|%1|%2|%%\n',
    1500,
  ],
  ['three labels', 'query_filter = (|(mail=*@*%3.%2.%1)(mail=%s))\nresult_attribute = uid\n', 1000],
  [
    'by a base',
    `search_base = description=%u,${BASE}\nscope = base\nquery_filter = (|(description=%u)(uid=*))\nresult_attribute = uid, description\n`,
    2000,
  ],
  [
    'one level',
    `search_base = ou=people,${BASE}\nscope = one\nquery_filter = (|(mail=%s)(cn=%s))\nresult_attribute = description\n`,
    1500,
  ],
  [
    'some domains',
    'domain = example.org, other.example\nquery_filter = (mail=%s)\nresult_attribute = mail\nresult_filter = ok:%s\n',
    1500,
  ],
  ['several', 'query_filter = (mail=%u@*)\nresult_attribute = mail maildrop uid\n', 1500],
]
const fileOf = (title: string) => join(server.folder, `${title.replaceAll(' ', '-')}.cf`)
let theirs: Map<string, string>[] = []
it('asked of postmap', async () => {
  theirs = await inParallel(tables, ([title, text, count]) => {
    const base = text.includes('search_base') ? '' : `search_base = ${BASE}\n`
    writeOld(fileOf(title), `server_host = ${server.url}\n${base}${text}`)
    return postmapMany(fileOf(title), keys(count))
  })
})
for (const [i, [title, , count]] of tables.entries())
  it(title, async () => {
    const asked = keys(count)
    const table = await open(fileOf(title))
    const answers = await Promise.all(asked.map((key) => table.ask(key)))
    await table.close()
    let found = 0
    asked.forEach((key, n) => {
      const answer = answers[n]!
      assert.is.not(answer.kind, 'failed', JSON.stringify([key, answer]))
      assert.is(answer.kind === 'found' ? answer.value : undefined, theirs[i]!.get(key), `key ${JSON.stringify(key)}`)
      if (answer.kind === 'found') found++
    })
    process.stdout.write(`# ${title}: ${asked.length} keys, ${found} found\n`)
    assert.ok(found > 20, 'enough are found')
  })
test.run()
