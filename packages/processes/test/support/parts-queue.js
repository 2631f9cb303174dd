/** A queue in memory, a part in each worker, with ids that no two workers give. */
import { definePlugin, queueStore } from '@postern/core'
import memoryQueue from '../../../cli/test/support/memory-queue.js'

const { definition } = memoryQueue

export default definePlugin({
  name: 'parts-queue',
  options: definition.options,
  provides: [queueStore],
  apply(mta, options) {
    let n = 0
    const part = String(process.pid).padStart(7, '0')
    const newId = () => `${String(++n).padStart(6, '0')}${part}`
    const provide = (role, store) => mta.provide(role, { ...store, newId })
    definition.apply(Object.assign(Object.create(mta), { provide }), options, {})
  },
})
