/** Holds connections: `node idle-client.js PORT COUNT`. Says `open N` on standard output; ends when its input ends. */
import { Client } from './client.js'

const [port, count] = process.argv.slice(2).map(Number)
const AT_ONCE = 50
const open = []
let failed
let left = count
const some = async () => {
  while (left-- > 0 && !failed)
    await Client.open(port, 15_000).then(
      (c) => {
        c.idle()
        open.push(c)
      },
      (error) => (failed ??= error.message),
    )
}
await Promise.all(Array.from({ length: AT_ONCE }, some))
console.log(`open ${open.length}${failed ? ` ${failed}` : ''}`)
process.stdin.on('end', () => process.exit(0)).resume()
