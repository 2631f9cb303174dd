/** The dialogues of a live Postfix, word for word. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialogue } from './support/client.ts'
import type { Script } from './support/fake.ts'
import { run } from './support/host.ts'
import { CASES } from './support/postfix.ts'

/** ETRN is a plugin's; here a table stands for it. */
const ETRN: Record<string, [number, string]> = {
  '': [500, 'Syntax: ETRN domain'],
  'flush.example': [250, 'Queuing started'],
  '@flush.example': [250, 'Queuing started'],
  'other.example': [459, '<other.example>: service unavailable'],
  '#queue': [459, '<queue>: service unavailable'],
  '[127.0.0.1]': [459, '<[127.0.0.1]>: service unavailable'],
  'bad_name!': [501, 'Error: invalid parameter syntax'],
}
let open = 0
const script = (): Script => ({
  command: (verb, argument) => {
    if (verb !== 'ETRN') return undefined
    const [code, text] = open++ > 6 ? ([503, 'Error: MAIL transaction in progress'] as const) : ETRN[argument]!
    return { code, text }
  },
  rcpt: (address) => {
    const m = /^(nouser|none|ri ch|rich\.|jörg|rich%.*|mail\.postern\.example!rich)(?=@|$)/.exec(address)
    const table = address.endsWith('@va.example') ? 'virtual alias' : 'local recipient'
    if (!m) return undefined
    return { code: 550, esc: '5.1.1', text: `<${address}>: Recipient address rejected: User unknown in ${table} table` }
  },
})

for (const slow of [false, true])
  for (const { name, options, sessions } of CASES)
    test(`${name}, answered ${slow ? 'later' : 'at once'}`, async () => {
      open = 0
      const server = await run(options, { ...script(), slow })
      try {
        for (const lines of sessions)
          assert.equal(
            await dialogue(server.port, lines),
            lines.map(([, reply]) => reply),
          )
      } finally {
        await server.stop()
      }
    })

test.run()
