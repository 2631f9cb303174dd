/** What every lookup table must do: three answers, and failed never means absent. */
import type { Lookup, OpenTable } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fakeCall } from '../call.ts'
import { within } from '../wait.ts'

export interface TableFixture {
  readonly table: OpenTable
  /** keys that are there, with their values */
  readonly found: Readonly<Record<string, string>>
  /** keys that are not */
  readonly absent: readonly string[]
  /** makes the backend fail from here on (server stopped, file damaged); leave out what cannot fail */
  breakIt?(): Promise<void> | void
  /** makes the backend accept requests and never answer */
  hang?(): Promise<void> | void
  /** undoes all of the above */
  close?(): Promise<void> | void
}

/** Keys that real mail brings and that no table holds by accident: they must be absent, not a fault. */
const ODD = [
  '',
  ' ',
  "o'hara@site.example",
  '"a b"@site.example',
  '%s@%d',
  '*',
  '(uid=*)',
  'ü@пример.example',
  'x'.repeat(2000),
]

/** Registers and runs the suite; `make` is called once for each test. */
export function tableContract(name: string, make: () => TableFixture | Promise<TableFixture>): void {
  const test = suite(`table contract: ${name}`)
  const each = (title: string, body: (fixture: TableFixture) => Promise<void>) => {
    test(title, async () => {
      const fixture = await make()
      try {
        await body(fixture)
      } finally {
        await fixture.table.close?.()
        await fixture.close?.()
      }
    })
  }
  const get = async (f: TableFixture, key: string): Promise<Lookup> => f.table.get(key, fakeCall())

  each('found', async (f) => {
    for (const [key, value] of Object.entries(f.found)) assert.equal(await get(f, key), { kind: 'found', value })
  })
  each('absent', async (f) => {
    for (const key of f.absent) assert.equal((await get(f, key)).kind, 'absent', key)
  })
  each('odd keys are absent, not a fault', async (f) => {
    for (const key of ODD.filter((k) => !Object.hasOwn(f.found, k)))
      assert.equal((await get(f, key)).kind, 'absent', JSON.stringify(key))
  })
  each('many requests at once each get their own answer', async (f) => {
    const keys = [...Object.keys(f.found), ...f.absent]
    const asked = Array.from({ length: 100 }, (_v, i) => keys[i % keys.length]!)
    const answers = await Promise.all(asked.map((key) => get(f, key)))
    asked.forEach((key, i) => {
      const answer = answers[i]!
      if (Object.hasOwn(f.found, key)) assert.equal(answer, { kind: 'found', value: f.found[key] }, key)
      else assert.equal(answer.kind, 'absent', key)
    })
  })
  each('a backend that is away is failed, for keys that were there and for others', async (f) => {
    if (!f.breakIt) return
    await f.breakIt()
    for (const key of [...Object.keys(f.found), ...f.absent])
      assert.equal((await within(key, get(f, key), 30_000)).kind, 'failed', key)
  })
  each('an aborted request ends and is not absent', async (f) => {
    if (!f.hang) return
    await f.hang()
    const call = fakeCall()
    const key = Object.keys(f.found)[0] ?? f.absent[0]!
    const asked = Promise.resolve(f.table.get(key, call)).catch((error: unknown) => ({ kind: 'thrown', error }))
    setTimeout(() => call.abort(new Error('the client has gone')), 50)
    const answer = await within('the aborted request', asked, 5_000)
    assert.ok(answer.kind === 'failed' || answer.kind === 'thrown', JSON.stringify(answer))
  })
  test.run()
}
