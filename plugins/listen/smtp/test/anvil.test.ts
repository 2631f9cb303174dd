import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Lease, Shared } from '@postern/core'
import { Anvil } from '../src/anvil.ts'

/** Answers a turn later, as another process does. */
class Remote implements Shared {
  asked = 0
  used = 0
  readonly #counts = new Map<string, number>()
  async count(key: string, by: number): Promise<number> {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by)
    return this.#counts.get(key)!
  }
  async lease(_key: string, wanted: number, limit: number): Promise<Lease> {
    this.asked++
    let granted = Math.min(wanted, limit - this.used)
    this.used += granted
    const release = () => {
      this.used -= granted
      granted = 0
    }
    return { granted, release }
  }
  publish(): void {
    throw new Error('not asked for')
  }
  subscribe(): () => void {
    throw new Error('not asked for')
  }
}
const anvilOf = (shared: Shared, limits: object) =>
  new Anvil(
    'smtp',
    {
      connections: 0,
      connectionRate: 0,
      messageRate: 0,
      recipientRate: 0,
      unit: 60_000,
      ...limits,
    },
    shared,
  )
const CLIENT = '198.51.100.1'

test('places are taken and given back', async () => {
  const shared = new Remote()
  const anvil = anvilOf(shared, { connections: 2 })
  assert.equal(await Promise.all([1, 2, 3].map(async () => anvil.connect(CLIENT))), [undefined, undefined, 'count'])
  for (let i = 0; i < 3; i++) anvil.disconnect(CLIENT)
  assert.is(shared.used, 0)
  assert.is(await anvil.connect(CLIENT), undefined)
})

test('a connection that has gone before its place came keeps none', async () => {
  const shared = new Remote()
  const anvil = anvilOf(shared, { connections: 2 })
  const verdict = anvil.connect(CLIENT)
  anvil.disconnect(CLIENT)
  await verdict
  assert.is(shared.used, 0)
})

test('a client that comes again costs one question, and its place goes when it stays away', async () => {
  const shared = new Remote()
  const anvil = anvilOf(shared, { connections: 50 })
  for (let i = 0; i < 5; i++) {
    assert.is(await anvil.connect(CLIENT), undefined)
    anvil.disconnect(CLIENT)
  }
  assert.equal([shared.asked, shared.used], [1, 1])
  anvil.sweep()
  assert.is(shared.used, 1)
  anvil.sweep()
  assert.is(shared.used, 0)
})

test('rates', async () => {
  const anvil = anvilOf(new Remote(), { connectionRate: 1, messageRate: 2 })
  assert.equal([await anvil.connect(CLIENT), await anvil.connect(CLIENT)], [undefined, 'rate'])
  const over: boolean[] = []
  for (let i = 0; i < 3; i++) over.push(await anvil.message(CLIENT))
  assert.equal([...over, await anvil.recipient(CLIENT)], [false, false, true, false])
  assert.is(await anvil.message('192.0.2.1'), false)
})

test.run()
