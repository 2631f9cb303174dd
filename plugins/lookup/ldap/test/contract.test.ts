/** The contract of every table, on a real slapd. */
import { tableContract } from '@postern/testkit'
import { open } from './support/open.ts'
import { missing, slapd } from './support/slapd.ts'

const person = (uid: string, mail: string) =>
  `dn: uid=${uid},dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nmail: ${mail}\n\n`

if (!missing())
  tableContract('ldap', async () => {
    const server = await slapd({ ldif: person('joe', 'joe@example.org') + person('ann', 'ann@example.org') })
    const table = await open({
      serverHost: server.url,
      searchBase: 'dc=example,dc=org',
      queryFilter: '(mail=%s)',
      resultAttribute: 'uid',
      timeout: 2,
    })
    return {
      table,
      found: { 'joe@example.org': 'joe', 'ANN@example.org': 'ann' },
      absent: ['nobody@example.org', 'joe', '@example.org', 'joe@'],
      breakIt: () => server.kill(),
      hang: () => server.freeze(),
      close: () => server.close(),
    }
  })
