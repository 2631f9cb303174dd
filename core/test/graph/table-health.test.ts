/** What status says of a table: as it is now, and since when. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { createNode, definePlugin, failed, found, loadConfig, silentSink, tableRef, tableTypes } from '@postern/core'
import type { Call, Lookup, Node, Table } from '@postern/core'
import { MemoryStore, memoryQueue } from '../support/memory-store.ts'

/** what the backend says at the moment */
const now: { check: string | undefined | Promise<string | undefined>; answer: Lookup } = {
  check: undefined,
  answer: found('v'),
}
let table: Table
const types = definePlugin({
  name: 'types',
  options: z.strictObject({ table: tableRef() }),
  provides: [tableTypes],
  apply(mta, options) {
    mta.provideNamed(tableTypes, 'one', {
      open: () => ({ get: () => now.answer, check: () => now.check }),
    })
    table = mta.table(options.table)
  },
})
async function started(): Promise<Node> {
  const config = { plugins: [memoryQueue(new MemoryStore()), types({ table: 'one:x' } as never)] }
  const node = await createNode(await loadConfig({ config: config as never }), { log: silentSink })
  await node.startDry()
  return node
}
const said = async (node: Node) => {
  await node.checkTables()
  const [one] = node.status().tables
  return { problem: one!.problem, since: one!.since }
}
const ask = () => table.get('k', { aborted: false } as Call)
const WELL = { problem: undefined, since: undefined }

test('away at the start, back, away again: what is true now, and since when', async () => {
  now.check = 'away'
  const node = await started()
  const began = await said(node)
  assert.is(began.problem, 'away')
  assert.ok(Math.abs(began.since! - Date.now()) < 5000)
  now.check = 'still away'
  assert.equal(await said(node), { problem: 'still away', since: began.since })
  now.check = undefined
  assert.equal(await said(node), WELL)
  now.check = 'gone'
  const again = await said(node)
  assert.is(again.problem, 'gone')
  assert.ok(again.since! >= began.since!)
  now.check = undefined
  await node.stop()
})
test('since the first lookup that failed, not since somebody looked', async () => {
  const node = await started()
  now.answer = failed('refused')
  await ask()
  const before = Date.now()
  await new Promise((go) => setTimeout(go, 30))
  now.check = 'no server'
  const { problem, since } = await said(node)
  assert.is(problem, 'no server')
  assert.ok(since! <= before + 10, `${since} ${before}`)
  now.check = undefined
  now.answer = found('v')
  assert.equal(await said(node), WELL)
  await node.stop()
})
test('a wrong answer to lookups stays, though the server is there, until one is right', async () => {
  const node = await started()
  now.answer = failed('no such column', 'misconfigured')
  await ask()
  assert.is((await said(node)).problem, 'no such column')
  now.answer = found('v')
  await ask()
  assert.equal(await said(node), WELL)
  await node.stop()
})
test('that a caller went away says nothing of the table', async () => {
  const node = await started()
  now.answer = failed('given up', 'misconfigured')
  await table.get('k', { aborted: true } as Call)
  assert.equal(await said(node), WELL)
  now.answer = found('v')
  await node.stop()
})
test('a check that throws, and one that does not end', async () => {
  const node = await started()
  now.check = Promise.reject(new Error('broken check'))
  assert.is((await said(node)).problem, 'broken check')
  let end = (_problem: undefined) => undefined as void
  now.check = new Promise((done) => (end = done))
  const alive = setTimeout(() => undefined, 10_000)
  const asked = [said(node), said(node)]
  for (const answer of await Promise.all(asked)) assert.is(answer.problem, 'broken check')
  clearTimeout(alive)
  end(undefined)
  assert.equal(await said(node), WELL)
  now.check = undefined
  await node.stop()
})
test.run()
