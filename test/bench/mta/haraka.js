/** Haraka, one process, as its documentation sets up a relay. Installed by npm beside the checkout, never in it. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { listening, unlimited } from '../load.js'
import { hasFiles } from './postfix.js'

const HOME = path.join(os.tmpdir(), 'postern-bench-haraka')
const BIN = path.join(HOME, 'node_modules/Haraka/bin/haraka')

export class Haraka {
  name = 'haraka'
  /** its code is compiled while it runs */
  compiles = true
  #folder
  #shape
  #child
  constructor(folder, shape) {
    this.#folder = folder
    this.#shape = shape
  }
  async unavailable() {
    if (this.#shape.workload === 'maildir') return 'it has no Maildir delivery of its own'
    if (existsSync(BIN)) return undefined
    try {
      mkdirSync(HOME, { recursive: true })
      writeFileSync(path.join(HOME, 'package.json'), '{"private":true}')
      console.error('installing Haraka ...')
      execFileSync('npm', ['install', '--no-audit', '--no-fund', '--before', '2026-09-01', 'Haraka'], {
        cwd: HOME,
        stdio: 'ignore',
        timeout: 300_000,
      })
      return undefined
    } catch (error) {
      return `npm could not install it: ${error.message.split('\n')[0]}`
    }
  }
  async start(port, sink) {
    rmSync(this.#folder, { recursive: true, force: true })
    execFileSync(process.execPath, [BIN, '-i', this.#folder], { stdio: 'ignore' })
    for (const d of ['queue', 'plugins']) mkdirSync(path.join(this.#folder, d), { recursive: true })
    const config = (name, text) => writeFileSync(path.join(this.#folder, 'config', name), text)
    config('smtp.ini', `listen=127.0.0.1:${port}\nnodes=0\n`)
    config('me', 'mx.bench.example\n')
    config('log.ini', '[main]\nlevel=notice\n')
    config('outbound.ini', 'enable_tls=false\nconcurrency_max=100\n')
    config('plugins', `bench\n${this.#shape.workload === 'discard' ? 'queue/discard\n' : ''}`)
    writeFileSync(
      path.join(this.#folder, 'plugins/bench.js'),
      `exports.hook_connect = (next, connection) => { connection.relaying = true; next() }
exports.hook_rcpt = (next) => next(OK)
exports.hook_get_mx = (next) => next(OK, { priority: 0, exchange: '127.0.0.1', port: ${sink ?? 0} })
`,
    )
    this.#child = spawn(...unlimited(process.execPath, [BIN, '-c', this.#folder]), {
      stdio: 'ignore',
      env: { ...process.env, YES_REALLY_DO_DISCARD: '1' },
    })
    await listening(port)
    return this.#child.pid
  }
  async busy() {
    return hasFiles(path.join(this.#folder, 'queue'))
  }
  async stop() {
    const gone = new Promise((r) => this.#child.once('close', r))
    this.#child.kill('SIGTERM')
    await gone
  }
}
