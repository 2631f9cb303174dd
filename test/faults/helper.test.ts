/** The helper for users killed at random moments under load: nothing lost, and each message that came twice has its cause. */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random, sleep, startProcess, until } from '@postern/testkit'
import type { MtaProcess } from '@postern/testkit'
import { queueOf } from './support/accounting.ts'
import type { Account, Duplicate } from './support/accounting.ts'
import { Acknowledgements } from './support/load.ts'
import { judge, progress, times } from './support/report.ts'
import { site } from './support/site.ts'

const SEED = Number(process.env.SEED ?? 1)
const TO_USER = fileURLToPath(new URL('plugins/to-user.js', import.meta.url))
/** ms between a kill and the line that says so: a machine that is busy hears of it late */
const HEARD = 1500
const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? test : test.skip

for (const workers of times(0, 1) ? ['1', '2'] : ['1'])
  asRoot(`the helper is killed under load, workers: ${workers}`, async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'postern-helper-'))
    const user = `pnh${process.pid.toString(36)}`
    fs.chmodSync(folder, 0o755)
    execFileSync('useradd', ['-m', '-U', '-d', join(folder, user), user], { stdio: 'ignore' })
    const box = join(folder, user, 'Maildir')
    const plugins = [{ [TO_USER]: { user } }, { 'deliver-maildir': { mailboxBase: join(folder, 'unused') } }]
    const mta = await startProcess(site({ sink: 9, plugins }), { env: { POSTERN_WORKERS: workers } })
    const acks = new Acknowledgements()
    const kills: number[] = []
    let killed = 0
    try {
      const rounds = times(10, 50)
      const next = random(SEED)
      const load = acks.load(mta.ports[0]!, { sessions: 8, size: (n) => (n % 10 === 9 ? 1_500_000 : 1500) })
      for (let n = 0; n < rounds; n++) {
        // one that has not delivered yet has nothing to lose
        const before = arrived(box)
        await until('a delivery', () => arrived(box) > before, 60_000)
        await sleep(next() * 400)
        const victims = helpersOf(mta.pid)
        killed += victims.length
        kills.push(Date.now())
        for (const pid of victims) process.kill(pid, 'SIGKILL')
      }
      await load.stop()
      await until('the queue to be empty', async () => (await queueOf(mta)).every((m) => m.held), 120_000)
      const a = await accountOf(acks, mta, box, kills)
      judge(`helper: killed under load, workers ${workers}`, rounds, a)
      const left = fs.readdirSync(join(box, 'tmp')).length
      progress(`${left} files left in tmp`)
      assert.ok(killed >= rounds)
      assert.ok(left <= killed, 'one of each helper that was killed at most')
      assert.is(mta.log.filter((l) => l.event === 'users.died').length, killed)
      assert.is(await mta.stop(), 0)
    } finally {
      await mta.remove()
      execFileSync('userdel', ['-f', user], { stdio: 'ignore' })
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

function helpersOf(pid: number): number[] {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return children.map(Number).filter((child) => {
    try {
      return fs.readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith('postern users')
    } catch {
      // it has ended meanwhile
      return false
    }
  })
}
interface Arrived {
  readonly token: string
  readonly id: string
  /** ms since 1970: when it was renamed into `new` */
  readonly at: number
  readonly intact: boolean
}
function arrived(box: string): number {
  const folder = join(box, 'new')
  return fs.existsSync(folder) ? fs.readdirSync(folder).length : 0
}
function arrivedIn(box: string): Arrived[] {
  return fs.readdirSync(join(box, 'new')).map((name) => {
    const file = join(box, 'new', name)
    const text = fs.readFileSync(file, 'latin1')
    const token = /^X-Token: (\S+)/m.exec(text)?.[1] ?? '?'
    const id = /\bid ([0-9A-V]{13})\b/.exec(text)?.[1] ?? '?'
    const body = text.slice(text.indexOf('\n\n') + 2).trimEnd()
    return { token, id, at: fs.statSync(file).ctimeMs, intact: body.split(/\s+/).every((word) => word === token) }
  })
}
async function accountOf(
  acks: Acknowledgements,
  mta: MtaProcess,
  box: string,
  kills: readonly number[],
): Promise<Account> {
  const all = arrivedIn(box).filter((m) => acks.all.has(m.token))
  const listed = new Set((await queueOf(mta)).map((m) => m.id))
  const seen = new Set(all.map((m) => m.token))
  const missing = [...acks.all.values()].filter((m) => !seen.has(m.token))
  return {
    acknowledged: acks.all.size,
    delivered: seen.size,
    bounced: 0,
    queued: missing.filter((m) => listed.has(m.id)).length,
    held: 0,
    lost: missing.filter((m) => !listed.has(m.id)).map((m) => m.token),
    damaged: all.filter((m) => !m.intact).map((m) => m.token),
    duplicates: duplicatesOf(all, mta, kills),
  }
}
/**
 * All but the last of one id must have been renamed before a kill, and put off because of that: between the two the helper
 * syncs the folder, and that takes what the disk takes.
 */
function duplicatesOf(all: readonly Arrived[], mta: MtaProcess, kills: readonly number[]): Duplicate[] {
  const byId = new Map<string, Arrived[]>()
  for (const m of all) byId.set(m.id, [...(byId.get(m.id) ?? []), m])
  return [...byId.values()].flatMap((same) => {
    const sorted = same.sort((a, b) => a.at - b.at)
    return sorted.slice(0, -1).map(({ token, id, at }, n) => {
      const lines = mta.log.filter((l) => l.fields.id === id)
      const putOff = lines
        .filter((l) => l.event === 'deliver.deferred')
        .map((l) => new Date(String(l.fields.time)).getTime())
      const heard = (k: number) => putOff.some((t) => t >= k - 5 && t <= k + HEARD)
      const kill = kills.find((k) => k >= at - 5 && k <= sorted[n + 1]!.at && heard(k))
      const sent = lines.filter((l) => l.event === 'deliver.sent').length
      const explained = kill !== undefined && sent <= 1
      return {
        token,
        report: false,
        before: kill === undefined ? NaN : Math.round(kill - at),
        cause: explained ? 'the helper was killed between the rename and its answer' : undefined,
        evidence: explained ? '' : `${id} ${lines.map((l) => `${String(l.fields.time)} ${l.event}`).join(', ')}`,
      }
    })
  })
}
test.run()
