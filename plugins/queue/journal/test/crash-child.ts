/** Takes mail as fast as it can and tells each acknowledged id, until it is killed. */
import { bodyOf, message, started } from './helper.ts'

const queue = await started(process.argv[2]!, { segmentSize: 1024 * 1024 })
const writer = async (n: number) => {
  for (let i = 0; ; i++) {
    const large = i % 20 === 0
    const made = await message(queue, '', undefined, {
      body: await bodyOf(queue, Buffer.alloc(large ? 12_000 : 700, 97 + n)),
    })
    await queue.commit(made)
    process.stdout.write(`+${made.id} ${n}\n`)
    if (i % 3 !== 0) continue
    queue.attempt(made.id, [0], 1)
    await queue.outcome(made.id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }], { durable: true })
    process.stdout.write(`-${made.id}\n`)
  }
}
for (let n = 0; n < 20; n++) void writer(n)
