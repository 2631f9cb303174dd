/** From names to plugins: what stops the start, and how it is told. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import {
  createNode,
  definePlugin,
  loadConfig,
  logSink,
  printProblem,
  queueStore,
  resolver,
  silentSink,
} from '@postern/core'
import { inFolder } from '../support/folder.ts'
import type { Folder } from '../support/folder.ts'
import { MemoryStore, memoryQueue } from '../support/memory-store.ts'
import { plugin, rejection, told } from '../support/world.ts'

const none = z.strictObject({})
const queue = () => memoryQueue(new MemoryStore())
const build = async (plugins: unknown[], folder?: Folder) =>
  createNode(await loadConfig({ config: { plugins: [queue(), ...plugins] }, folder: folder?.path }), {
    log: silentSink,
  })
const good = `export default { definition: { contract: 1, name: 'p', options: { safeParse: (data) => ({ success: true, data }) }, needs: {}, provides: [], optional: [], apply() {} } }`

const FILES: [name: string, text: string, code: string, message: RegExp][] = [
  ['throws on import', 'throw new Error("boo")', 'PN_PLUGIN_BROKEN', /"\.\/p\.mjs" cannot be loaded: boo/],
  ['does not parse', 'export default {', 'PN_PLUGIN_BROKEN', /cannot be loaded/],
  ['imports what is not there', 'import "./nothing.mjs"', 'PN_PLUGIN_BROKEN', /nothing\.mjs/],
  [
    'has no default export',
    'export const x = 1',
    'PN_PLUGIN_BROKEN',
    /"p" is not a plugin: its default export must come from definePlugin/,
  ],
  ['exports null', 'export default null', 'PN_PLUGIN_BROKEN', /is not a plugin/],
  ['exports a function', 'export default () => {}', 'PN_PLUGIN_BROKEN', /is not a plugin/],
  [
    'exports a definition without apply',
    'export default { definition: { name: "p" } }',
    'PN_PLUGIN_BROKEN',
    /is not a plugin/,
  ],
  [
    'speaks another contract',
    good.replace('contract: 1', 'contract: 99'),
    'PN_PLUGIN_CONTRACT',
    /"p" speaks contract 99, this core speaks 1/,
  ],
]
for (const [name, text, code, message] of FILES)
  test(`a plugin file that ${name} stops the start`, () =>
    inFolder({ 'p.mjs': text }, async (f) => {
      const e = await rejection(() => build(['./p.mjs'], f))
      assert.is(e.problems[0]!.code, code)
      assert.match(e.problems[0]!.message, message)
      assert.is(e.problems[0]!.path, 'plugins[1]')
    }))
test('a file that is not there', () =>
  inFolder({}, async (f) => {
    const [p] = (await rejection(() => build(['./p.mjs'], f))).problems
    assert.equal([p!.code, p!.message], ['PN_PLUGIN_NOT_FOUND', `no file ${f.file('p.mjs')}`])
  }))
for (const [name, package_] of [
  ['mine', '@postern/mine'],
  ['mine', 'postern-plugin-mine'],
  ['mine', 'mine'],
  ['@us/mine', '@us/mine'],
] as const)
  test(`the plugin ${name} is the package ${package_}`, () =>
    inFolder(
      {
        [`node_modules/${package_}/package.json`]: `{"name":"${package_}","version":"1.2.3","type":"module","exports":{".":{"import":"./main.js"}}}`,
        [`node_modules/${package_}/main.js`]:
          `import { z } from ${JSON.stringify(import.meta.resolve('zod'))}\n` +
          good.replace(/options: \{.*?\) \},/, 'options: z.strictObject({}),'),
      },
      async (f) => {
        const line = (await build([name], f)).plugins()[1]!
        assert.equal([line.package, line.version, line.use], [package_, '1.2.3', name])
      },
    ))
test('an unknown plugin, with what to install and the nearest name', async () => {
  const e = await rejection(() => build(['listen-smpt', '@us/x', 'zzzzzzzzzzz']))
  assert.equal(told(e), [
    'plugins[1]: no plugin "listen-smpt": install @postern/listen-smpt, or give a relative path (listen-smtp)',
    'plugins[2]: no plugin "@us/x": install @us/x, or give a relative path',
    'plugins[3]: no plugin "zzzzzzzzzzz": install @postern/zzzzzzzzzzz, or give a relative path',
  ])
  assert.is(
    printProblem(e.problems[0]!),
    '(embedded): plugins[1]: no plugin "listen-smpt": install @postern/listen-smpt, or give a relative path (did you mean "listen-smtp"?) [PN_PLUGIN_NOT_FOUND]',
  )
})

const APPLY: [name: string, apply: () => unknown, message: RegExp][] = [
  [
    'throws',
    () => {
      throw new Error('boo')
    },
    /^p: boo$/,
  ],
  ['is async', async () => undefined, /must be synchronous/],
  [
    'is async and rejects',
    async () => {
      throw new Error('boo')
    },
    /must be synchronous/,
  ],
  [
    'throws no error',
    () => {
      throw null
    },
    /^p: /,
  ],
]
for (const [name, apply, message] of APPLY)
  test(`an apply that ${name} stops the start`, async () => {
    const p = definePlugin({ name: 'p', options: none, apply: apply as never })
    const [problem] = (await rejection(() => build([p]))).problems
    assert.is(problem!.code, 'PN_APPLY')
    assert.match(problem!.message, message)
  })
test('options that do not check: every use, with its path', async () => {
  let applied = false
  const p = definePlugin({
    name: 'p',
    options: z.strictObject({ port: z.number().optional() }),
    apply: () => void (applied = true),
  })
  const e = await rejection(() =>
    build([
      p({ port: 'x' as never }),
      p({ prot: 1 } as never, { as: 'q' }),
      p({}, { as: 'r', onListener: { mx: { prot: 1 } as never } }),
    ]),
  )
  assert.equal(
    told(e).filter((l) => !l.includes('no listener')),
    [
      'plugins[1].p.port: Invalid input: expected number, received string',
      'plugins[2].q.prot: unknown option (port)',
      'plugins[3].onListener.mx.prot: unknown option (port)',
    ],
  )
  assert.is(applied, false)
})

const sink = { write: () => undefined, enabled: () => false }
const providing = (name: string) =>
  definePlugin({ name, options: none, provides: [resolver], apply: (m) => m.provide(resolver, {} as never) })
test('roles: missing, optional, provided twice, in a circle', async () => {
  const needs = definePlugin({ name: 'p', options: none, needs: { dns: resolver }, apply: () => undefined })
  assert.match(
    told(await rejection(() => build([needs]))).join(),
    'p needs a resolver, and no plugin in use provides one: add "lookup-dns"',
  )
  let got: unknown = 'x'
  await build([
    definePlugin({
      name: 'p',
      options: none,
      needs: { dns: resolver },
      optional: ['dns'],
      apply: (_m, _o, n) => void (got = n.dns),
    }),
  ])
  assert.is(got, undefined)
  const [twice] = (await rejection(() => build([providing('a'), providing('b')]))).problems
  assert.equal([twice!.code, twice!.message], ['PN_PROVIDED_TWICE', 'the role resolver is provided by a already'])
  const circle = (name: string, need: typeof logSink | typeof resolver, role: typeof logSink | typeof resolver) =>
    definePlugin({
      name,
      options: none,
      needs: { x: need as typeof logSink },
      provides: [role as typeof logSink],
      apply: (m) => m.provide(role as typeof logSink, sink),
    })
  const e = await rejection(() => build([circle('a', logSink, resolver), circle('b', resolver, logSink)]))
  assert.is(e.problems[0]!.code, 'PN_ORDER_CYCLE')
  assert.match(e.problems[0]!.message, /a -> b -> a/)
})
test('a log is written by every sink there is, each by its own level', async () => {
  const seen: string[] = []
  const writing = (name: string, least: string) =>
    definePlugin({
      name,
      options: none,
      provides: [logSink],
      apply: (m) =>
        m.provide(logSink, {
          enabled: (level) => level === 'error' || level === least,
          write: (_l, event) => void seen.push(`${name} ${event}`),
        }),
    })
  const node = await createNode(
    await loadConfig({ config: { plugins: [queue(), writing('a', 'error'), writing('b', 'warn')] } }),
  )
  node.log.warn('x')
  node.log.error('y')
  assert.equal(seen, ['b x', 'a y', 'b y'])
  assert.equal([node.log.enabled('warn'), node.log.enabled('info')], [true, false])
})
test('a provider is applied before who needs it, wherever it stands; it starts first and stops last', async () => {
  const seen: string[] = []
  const life = (name: string) => ({
    start: () => void seen.push(`start ${name}`),
    ready: () => void seen.push(`ready ${name}`),
    stop: () => void seen.push(`stop ${name}`),
  })
  const node = await build([
    definePlugin({
      name: 'user',
      options: none,
      needs: { log: logSink },
      apply: (m, _o, n) => (m.lifecycle(life('user')), seen.push(`user ${n.log === sink}`), undefined),
    }),
    definePlugin({
      name: 'maker',
      options: none,
      provides: [logSink],
      apply: (m) => (m.provide(logSink, sink), m.lifecycle(life('maker'))),
    }),
  ])
  await node.start()
  await node.stop()
  assert.equal(seen, ['user true', 'start maker', 'start user', 'ready maker', 'ready user', 'stop user', 'stop maker'])
})
test('a start that fails stops what had started', async () => {
  const seen: string[] = []
  const node = await build([
    plugin('a', (m) => m.lifecycle({ start: () => void seen.push('start a'), stop: () => void seen.push('stop a') })),
    plugin('b', (m) =>
      m.lifecycle({ start: () => Promise.reject(new Error('boo')), stop: () => void seen.push('stop b') }),
    ),
    plugin('c', (m) => m.lifecycle({ start: () => void seen.push('start c') })),
  ])
  const e = await rejection(() => node.start())
  assert.is(e.code, 'PN_START')
  assert.match(e.message, /b \(\(embedded\): plugins\[2\]\): boo/)
  assert.equal(seen, ['start a', 'stop a'])
  assert.is(node.status().state, 'stopped')
})
test('no queue', async () => {
  const e = await rejection(async () => createNode(await loadConfig({ config: { plugins: [] } }), { log: silentSink }))
  assert.match(told(e).join(), 'no plugin in use keeps a queue: add "queue-journal"')
})
test('two listeners of one name, two transports of one name', async () => {
  const e = await rejection(() =>
    build([
      plugin('a', (m) => (m.listen('mx'), m.deliver('x', { deliver: async (j) => j.all({} as never) }))),
      plugin('b', (m) => (m.listen('mx'), m.deliver('x', { deliver: async (j) => j.all({} as never) }))),
    ]),
  )
  assert.equal(
    e.problems.map((p) => p.code),
    ['PN_PROVIDED_TWICE', 'PN_PROVIDED_TWICE'],
  )
})
test('a provider of the store is known by its role', async () => {
  assert.equal((await build([])).plugins()[0]!.provides, [queueStore.id])
})

test.run()
