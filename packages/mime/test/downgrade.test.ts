/** Against what a live Postfix 3.7 sent to a server without 8BITMIME. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Downgrade } from '@postern/mime'

interface Recorded {
  readonly name: string
  readonly sent: string
  readonly got: string
}
const RECORDED = JSON.parse(readFileSync(new URL('converted.json', import.meta.url), 'utf8')) as Recorded[]

function converted(text: string, size: number): string {
  const bytes = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')
  const at = bytes.indexOf('\r\n\r\n') + 2
  const downgrade = new Downgrade(bytes.subarray(0, at))
  const out: Uint8Array[] = [downgrade.header, Buffer.from('\r\n')]
  const body = bytes.subarray(at + 2)
  if (!downgrade.needed) out.push(body)
  else {
    for (let i = 0; i < body.length; i += size) out.push(...downgrade.chunk(body.subarray(i, i + size)))
    out.push(...downgrade.end())
  }
  return Buffer.concat(out).toString('latin1').replaceAll('\r\n', '\n')
}
/** As the client breaks them (smtp_line_length_limit): no business of MIME. */
const broken = (text: string) =>
  text.replace(/.{999,}/g, (line) => `${line.slice(0, 998)}${line.slice(998).replace(/.{1,997}/g, '\n $&')}`)
for (const { name, sent, got } of RECORDED)
  test(`as Postfix converts it: ${name}`, () => {
    for (const size of [1e6, 1, 7]) assert.is(broken(converted(sent, size)), got, `pieces of ${size}`)
  })
test.run()
