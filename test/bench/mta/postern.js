/** Postern as it is configured for each workload: the defaults, and what the workload needs. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { listening, ours, unlimited } from '../load.js'
import { queueCounts } from './postern-status.js'

const CLI = fileURLToPath(new URL('../../../packages/cli/bin/postern.js', import.meta.url))

export class Postern {
  name = 'postern'
  /** its code is compiled while it runs */
  compiles = true
  #base
  #folder
  #starts = 0
  #shape
  #child
  /** `shape`: the workload, and what single modes need: `nodeArguments`, `sites` by domain (a port), `slow` (a domain that is deferred), `sessions` at a time */
  constructor(folder, shape) {
    this.#base = folder
    this.#shape = shape
  }
  async unavailable() {
    return undefined
  }
  /** `again`: with the queue that it left */
  async start(port, sink, { again = false } = {}) {
    // what was delivered stays until the bench is over: ext4 looks for a new inode past each that was freed of late
    if (!again) this.#folder = `${this.#base}-${++this.#starts}`
    mkdirSync(this.#folder, { recursive: true })
    const file = path.join(this.#folder, 'postern.config.json')
    writeFileSync(file, JSON.stringify(this.#config(port, sink), null, 2))
    const args = [...(this.#shape.nodeArguments ?? []), CLI, 'start', '--foreground', '--config', file]
    this.#child = ours(spawn(...unlimited(process.execPath, args), { stdio: ['ignore', 'ignore', 'inherit'] }))
    const ended = new Promise((_, reject) =>
      this.#child.once('close', (code) => reject(new Error(`Postern ended with ${code}`))),
    )
    ended.catch(() => undefined)
    await Promise.race([listening(port), ended])
    return this.#child.pid
  }
  #config(port, sink) {
    const { sites = {}, slow, sessions, workers } = this.#shape
    const routes = {
      discard: { defaultTransport: 'discard' },
      relay: { relayhost: `[127.0.0.1]:${sink}` },
      maildir: { virtualMailboxDomains: ['bench.test'], virtualTransport: 'maildir' },
    }[this.#shape.workload]
    // as Postfix's virtual(8) in the same run: 20,000 addresses onto 1,000 mailboxes
    const table = path.join(this.#folder, 'mailboxes')
    writeFileSync(table, Array.from({ length: 20_000 }, (_, n) => `${n}u@bench.test m${n % 1000}/\n`).join(''))
    const ways = Object.entries(sites).map(([domain, to]) => [domain, `smtp:[127.0.0.1]:${to}`])
    if (slow) ways.push([slow, 'slow:[127.0.0.1]:9'])
    const maps = ways.length > 0 && { transportMaps: [{ type: 'inline', map: Object.fromEntries(ways) }] }
    return {
      extends: 'standard',
      myhostname: 'mx.bench.example',
      // what waits must not come due while something else is measured
      ...(workers && { workers }),
      ...(slow ? { deferTransports: ['slow'], minimalBackoffTime: '10h', maximalBackoffTime: '10h' } : {}),
      plugins: [
        { 'ops-log': { file: path.join(this.#folder, 'log'), format: 'json' } },
        {
          'listen-smtp': { listen: [`127.0.0.1:${port}`], smtpdClientConnectionCountLimit: 0, maxSessions: sessions },
          as: 'mx',
        },
        { 'route-classes': { ...routes } },
        ...(maps ? [{ 'route-transport': maps }] : []),
        { 'deliver-maildir': { mailboxBase: path.join(this.#folder, 'mail'), virtualMailboxMaps: `hash:${table}` } },
        ...(slow ? [{ 'deliver-smtp': {}, as: 'slow' }] : []),
      ],
    }
  }
  /** its next start reads the whole queue */
  forgetCheckpoints() {
    const parts = path.join(this.#folder, 'var/spool/journal/parts')
    for (const part of readdirSync(parts)) rmSync(path.join(parts, part, 'ckpt'), { recursive: true, force: true })
  }
  /** what the daemon says of its queue: messages in delivery, and those that wait */
  counts() {
    return queueCounts(path.join(this.#folder, 'var/spool'))
  }
  async busy() {
    const { active, waiting } = await this.counts()
    return active + waiting > 0
  }
  async stop() {
    const gone = new Promise((r) => this.#child.once('close', r))
    this.#child.kill('SIGTERM')
    await gone
  }
}
