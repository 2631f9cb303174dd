/** Postern as it is configured for each workload: the defaults, and what the workload needs. */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { listening } from '../load.js'

const CLI = fileURLToPath(new URL('../../../packages/cli/bin/postern.js', import.meta.url))

export class Postern {
  name = 'postern'
  #folder
  #workload
  #child
  constructor(folder, workload) {
    this.#folder = folder
    this.#workload = workload
  }
  async unavailable() {
    return undefined
  }
  async start(port, sink) {
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder, { recursive: true })
    const file = path.join(this.#folder, 'postern.config.json')
    writeFileSync(file, JSON.stringify(this.#config(port, sink), null, 2))
    this.#child = spawn(process.execPath, [CLI, 'start', '--foreground', '--config', file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await listening(port)
    return this.#child.pid
  }
  #config(port, sink) {
    const routes = {
      discard: { defaultTransport: 'discard' },
      relay: { relayhost: `[127.0.0.1]:${sink}` },
      maildir: { virtualMailboxDomains: ['bench.test'], virtualTransport: 'maildir' },
    }[this.#workload]
    // as Postfix's virtual(8) in the same run: 20,000 addresses onto 1,000 mailboxes
    const table = path.join(this.#folder, 'mailboxes')
    writeFileSync(table, Array.from({ length: 20_000 }, (_, n) => `${n}u@bench.test m${n % 1000}/\n`).join(''))
    return {
      extends: 'standard',
      myhostname: 'mx.bench.example',
      plugins: [
        { 'ops-log': { file: path.join(this.#folder, 'log'), format: 'json' } },
        { 'listen-smtp': { listen: [`127.0.0.1:${port}`] }, as: 'mx' },
        { 'route-classes': routes },
        { 'deliver-maildir': { mailboxBase: path.join(this.#folder, 'mail'), virtualMailboxMaps: `hash:${table}` } },
      ],
    }
  }
  async busy() {
    // the daemon answers by its control socket; the bench asks the counter that costs nothing: its journal's status
    const { status } = await import('./postern-status.js')
    return status(path.join(this.#folder, 'var/spool'))
  }
  async stop() {
    const gone = new Promise((r) => this.#child.once('close', r))
    this.#child.kill('SIGTERM')
    await gone
  }
}
