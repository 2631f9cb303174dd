/** Delivers into the folder argv[2] twice, small and large, and prints the outcomes and what is left there. */
import * as fs from 'node:fs'
import { bodyOf, jobOf, open, recipient } from './fakes.ts'

const dir = process.argv[2]!
const o = open({ mailboxBase: dir, mailboxPath: '%u/' })
const outcomes: object[] = []
for (const size of [200_000, 2_000_000]) {
  const [r] = await o.deliver(jobOf([recipient(0, 'u@d.example')], { body: bodyOf('x'.repeat(size), false) }))
  outcomes.push({ kind: r!.kind, esc: (r as { esc?: string }).esc, text: (r as { text?: string }).text })
}
await o.stop()
const left = (fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }) as string[]).filter(
  (p) => !/(^|\/)(u|tmp|new|cur)$/.test(p),
)
process.stdout.write(JSON.stringify({ outcomes, left }))
