/**
 * The MTA of a sample, in a process of its own so that it can be killed, driven by messages from its parent; one that was stopped may
 * be followed by the next sample's. The built packages, as a user's program would use them.
 */
import path from 'node:path'
import { createNode, loadConfig } from '@postern/core'
import { UserClient, UserHelpers } from '@postern/processes'

const say = (message) => process.send?.(message)
const plain = (fields) =>
  JSON.parse(
    JSON.stringify(fields, (_key, v) => (v instanceof Error ? v.message : typeof v === 'bigint' ? String(v) : v)),
  )
const sink = {
  enabled: () => true,
  write: (level, event, fields) => say({ kind: 'log', level, event, fields: plain(fields) }),
}
let node
/** As the daemon of one process does it. They end with this process. */
function openHelpers(socket, { users, deliverLockAttempts, deliverLockDelay, staleLockTime }) {
  const locks = { lockAttempts: deliverLockAttempts, lockDelay: deliverLockDelay, staleLock: staleLockTime }
  return UserHelpers.open({ ...users, ...locks, socket, asRoot: (fn) => fn(), log: sink.write })
}

const requests = {
  async start({ file, users }) {
    const socket = path.join(path.dirname(file), 'users')
    const helped = users ? { users: new UserClient(socket) } : {}
    node = await createNode(await loadConfig({ path: file }), { log: sink, resolveFrom: [process.cwd()], ...helped })
    if (users) await openHelpers(socket, node.graph.settings)
    await node.start()
  },
  submit: (draft) => node.submit(draft),
  wait: () => node.idle(),
  flush: () => node.flush(),
  reload: () => node.reload(),
  stop: () => node.stop(2000),
  resolve: (address) => node.resolve(address),
  explain: async (scenario) => {
    const { steps, accepted } = await node.explain(scenario)
    return { replies: steps.map((s) => `${s.command}: ${s.reply.code} ${s.reply.esc ?? ''} ${s.reply.text}`), accepted }
  },
  async queue() {
    const entries = []
    for await (const entry of node.queue.list()) entries.push(entry)
    return entries
  },
}

process.on('message', ({ id, request, argument }) => {
  requests[request](argument).then(
    (value) => say({ kind: 'answer', id, value: value === undefined ? null : plain(value) }),
    (error) => say({ kind: 'answer', id, error: { message: error.message, problems: error.problems ?? [] } }),
  )
})
process.on('disconnect', () => process.exit(0))
for (const name of ['flush', 'submit', 'wait', 'stop', 'reload']) {
  const run = requests[name]
  requests[name] = async (argument) => run(argument)
}
