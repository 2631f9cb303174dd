/** The actions of a sample's dialogue.json; each answers what is written down in expected.json. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { dialogue, posternCommand, sleep } from '@postern/testkit'
import { ROOT } from './workspace.js'

/** `stage`: { daemon, hop, zone, folder, replace, port(n) } */
export const ACTIONS = {
  async smtp(session, { daemon }) {
    const { steps, listener, from, timeout = 10_000, tls } = session
    const said = []
    const d = await dialogue(daemon.port(listener), { localAddress: from, timeout, tls })
    said.push(['(connect)', d.greeting])
    try {
      for (const step of steps) {
        const [name, reply] = await spoken(d, step)
        said.push([name, reply])
        if (reply === '@EOF@') break
      }
    } finally {
      await d.close()
    }
    return said
  },
  submit: (draft, { daemon }) =>
    daemon.ask('submit', draft).then(
      () => 'queued',
      (error) => error.message,
    ),
  async wait(_all, { daemon }) {
    await daemon.ask('wait')
  },
  async sleep(ms) {
    await sleep(ms)
  },
  async flush(_all, { daemon }) {
    await daemon.ask('flush')
    await daemon.ask('wait')
  },
  async restart(_how, { daemon }) {
    await daemon.stop({ again: true })
    await daemon.start()
  },
  reload: (_how, { daemon }) =>
    daemon.ask('reload').then(
      () => 'reloaded',
      (error) => error.message,
    ),
  async kill(_how, { daemon }) {
    await daemon.kill()
    await daemon.start()
  },
  explain: (scenario, { daemon }) => daemon.ask('explain', scenario),
  resolve: (address, { daemon }) => daemon.ask('resolve', address),
  /** the next hop's script from here on */
  async hop(options, { hop }) {
    hop.change(options)
  },
  async zone(text, { zone }) {
    zone.set(text)
  },
  /** waits for an event whose fields contain these */
  async log({ event, fields = {}, timeout = 5000 }, { daemon }) {
    const fits = (e) =>
      e.event === event && Object.entries(fields).every(([k, v]) => JSON.stringify(e.fields[k]) === JSON.stringify(v))
    for (const end = Date.now() + timeout; Date.now() < end; await sleep(20)) if (daemon.log.some(fits)) return 'seen'
    return '@TIMEOUT@'
  },
  /** the postern command: arguments; exit code and output */
  async check(args, { folder, replace }) {
    const [program, ...first] = posternCommand(ROOT)
    const given = args.map(replace)
    const options = { cwd: folder, encoding: 'utf8', timeout: 20_000 }
    return new Promise((done) => {
      execFile(program, [...first, ...given], options, (error, stdout, stderr) => {
        const exit = error ? (typeof error.code === 'number' ? error.code : null) : 0
        done({ exit, output: `${stdout}${stderr}`.split(path.sep + path.sep).join(path.sep) })
      })
    })
  },
}

async function spoken(d, step) {
  const answer = async (promise) => {
    try {
      const reply = await promise
      return Array.isArray(reply) ? reply.join('\n') : reply
    } catch (error) {
      if (error.name === 'ConnectionClosed') return '@EOF@'
      if (error.name === 'ReplyTimeout') return '@TIMEOUT@'
      throw error
    }
  }
  if (typeof step === 'string') return [step, await answer(d.send(step))]
  if (step.data !== undefined) return ['(data)', await answer(d.data(step.data, step.replies))]
  if (step.raw !== undefined) return ['(raw)', await answer(d.raw(step.raw, step.replies ?? 1))]
  if (step.startTls) return ['STARTTLS', await answer(d.startTls())]
  if (step.ended) return ['(ended)', await answer(d.ended().then(() => '@EOF@'))]
  throw new Error(`not a step: ${JSON.stringify(step)}`)
}
