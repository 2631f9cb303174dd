/** What is one for all workers, from outside. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFileSync } from 'node:fs'
import { Client, Load } from './support/load.ts'
import { lives, onSite, until } from './support/site.ts'

const EVERYBODY = { smtpdClientEventLimitExceptions: [] }

test(
  'connections of one client are counted over all workers, and given back when a worker dies',
  onSite(async (site) => {
    await site.config({}, { smtpdClientConnectionCountLimit: 3, ...EVERYBODY })
    await site.start('--workers', '2')
    const clients = [1, 2, 3].map(() => new Client(site.port))
    for (const client of clients) assert.match(await client.reply(), /^220 /)
    assert.match(await new Client(site.port).reply(), /^421 4\.7\.0 .*too many connections/)
    const busy = (await site.status()).workers.find((w) => w.sessions > 0)!
    process.kill(busy.pid, 'SIGKILL')
    await until('its death', () => !lives(busy.pid))
    for (let i = 0; i < busy.sessions; i++) {
      // the primary hears of the death a moment after us
      await until('a place that came back', async () => {
        const client = new Client(site.port)
        if ((await client.reply()).startsWith('220 ')) return clients.push(client) > 0
        client.socket.destroy()
        return false
      })
    }
    assert.match(await new Client(site.port).reply(), /^421 /)
    for (const client of clients) client.socket.destroy()
    await until('the places are free', async () => {
      const client = new Client(site.port)
      const banner = await client.reply()
      client.socket.destroy()
      return banner.startsWith('220')
    })
  }),
)

test(
  'rates of one client are counted over all workers',
  onSite(async (site) => {
    await site.config({}, { smtpdClientMessageRateLimit: 4, smtpdClientRecipientRateLimit: 3, ...EVERYBODY })
    await site.start('--workers', '2')
    const replies: string[] = []
    for (let i = 0; i < 5; i++) {
      const client = new Client(site.port)
      await client.reply()
      await client.say('HELO me')
      replies.push((await client.say('MAIL FROM:<>')).slice(0, 3))
      if (i < 4) replies.push((await client.say('RCPT TO:<b@here.example>')).slice(0, 3))
      client.socket.destroy()
    }
    assert.equal(replies, ['250', '250', '250', '250', '250', '250', '250', '450', '450'])
  }),
)

test(
  'what one worker publishes all workers hear once',
  onSite(async (site) => {
    await site.config()
    const { workers } = await site.start('--workers', '2')
    const { accepted } = await new Load(site.port).start(5).end()
    const heard = (pid: number) =>
      readFileSync(site.file(`tally.${pid}`), 'utf8')
        .trim()
        .split('\n').length
    await until('all have heard', () => workers.every((w) => heard(w.pid) >= accepted.length))
    assert.equal(
      workers.map((w) => heard(w.pid)),
      [accepted.length, accepted.length],
    )
  }),
)

test.run()
