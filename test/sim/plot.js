#!/usr/bin/env node
/**
 * Draws docs/images/scheduler-*.svg from the scenarios: the same code that the tests look at.
 *   node test/sim/plot.js [NAME ...] [--seconds 60]     --seconds: simulated, of the million messages
 * SIM_SEED: another course of events. The workspace must be built.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { register } from 'tsx/esm/api'
import { chart } from '../tools/chart.js'

register()
const FOLDER = fileURLToPath(new URL('../../docs/images', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' } },
})
const series = (samples, read = (v) => v) => samples.map((s) => [s.at, read(s.value)])
const time = { label: 'seconds', from: 0 }

const PICTURES = {
  async windows() {
    const { windows, PHASES: p } = await import('./scenarios/windows.ts')
    const { window } = await windows()
    return {
      title: 'The window of one destination (deliveries take 1 s)',
      x: { ...time, to: p.end },
      y: { label: 'deliveries at a time', from: 0, to: 25 },
      bands: [
        { from: p.bad, to: p.good, label: '3 of 5 fail' },
        { from: p.down, to: p.back, label: 'nobody answers' },
      ],
      series: [{ name: 'deliveries under way', points: series(window), as: 'step' }],
    }
  },
  async 'dead-site'() {
    const { deadSite, OUTAGE } = await import('./scenarios/dead-site.ts')
    const { dials, sim } = await deadSite(true)
    const arrived = [...Array(61).keys()].map((n) => [n * 30, n * 30 * 5])
    const counted = [...dials.map((at, n) => [at, n + 1]), [OUTAGE.end, dials.length]]
    console.log('  reasons', Object.fromEntries(sim.store.reasons))
    return {
      title: 'A site that does not answer for 20 minutes, with 5 messages a second for it',
      x: { ...time, to: OUTAGE.end },
      y: { label: 'since the beginning', from: 0 },
      bands: [{ from: OUTAGE.from, to: OUTAGE.until, label: 'nobody answers' }],
      series: [
        { name: 'messages that came for it', points: arrived, as: 'dash' },
        { name: 'connections to it', points: counted, as: 'step' },
      ],
    }
  },
  async 'large-list'() {
    const { largeList } = await import('./scenarios/large-list.ts')
    const list = { recipients: 2000, perDelivery: 1, small: 'evenly' }
    const dots = (run) => run.waits.map((w) => [w.at, Math.max(w.ms, 10) / 1000])
    return {
      title: 'How long small mail waits beside 2,000 deliveries of 1 s to the same site, 20 at a time',
      x: { label: 'seconds since the 2,000 came', from: 0, to: 130 },
      y: { label: 'wait in seconds', from: 0.01, to: 100, log: true },
      series: [
        { name: 'they are one message to a list', points: dots(await largeList({ ...list, list: 'one' })), as: 'dots' },
        {
          name: 'they are 2,000 messages: first come, first served',
          points: dots(await largeList({ ...list, list: 'many' })),
          as: 'dots',
        },
      ],
    }
  },
  async 'list-progress'() {
    const { largeList } = await import('./scenarios/large-list.ts')
    const list = { recipients: 100_000, perDelivery: 50, list: 'one' }
    const points = (run) => series(run.listLeft)
    return {
      title: 'A list of 100,000 recipients (50 a delivery, 20 at a time, 1 s each)',
      x: time,
      y: { label: 'recipients left', from: 0 },
      series: [
        { name: 'alone', points: points(await largeList({ ...list, small: 'none' })) },
        { name: 'beside small mail, 2 a second', points: points(await largeList({ ...list, small: 'evenly' })) },
      ],
    }
  },
  async fairness() {
    const { fairness, WANTED, PLACES, SECONDS } = await import('./scenarios/fairness.ts')
    const { active } = await fairness()
    return {
      title: `${PLACES} places of one transport, four sites`,
      x: { ...time, to: SECONDS },
      y: { label: 'deliveries at a time', from: 0, to: 25 },
      series: Object.entries(WANTED).map(([site, count]) => ({
        name: `${count.toLocaleString('en-US')} messages`,
        points: series(active, (v) => v[site]),
        as: 'step',
      })),
    }
  },
  async starvation() {
    const { starvation } = await import('./scenarios/starvation.ts')
    const { active, waits } = await starvation()
    return {
      title: '50,000 messages for a site that takes 30 s each, beside 1,000 for quick ones',
      x: time,
      y: { label: 'messages; milliseconds', from: 0, to: 12_000 },
      series: [
        { name: 'messages in memory (at most 20,000)', points: series(active) },
        { name: 'ms that mail for quick sites waits', points: waits.map((w) => [w.at, w.ms]), as: 'dots' },
      ],
    }
  },
  async million() {
    const { feed, NEW_PER_SECOND } = await import('./scenarios/feed.ts')
    const seconds = Number(values.seconds)
    const run = await feed({ messages: 1_000_000, seconds, processes: 2000 })
    console.log(
      `  ${run.oldDelivered} old, ${run.newDelays.length} new in ${run.realSeconds.toFixed(1)} s of real time`,
    )
    return {
      title: '1,000,000 messages due at once, 2,000 sites, 2,000 deliveries at a time of 1 s each',
      x: { ...time, to: seconds },
      y: { label: 'messages', from: 100, log: true },
      series: [
        { name: 'old ones delivered', points: series(run.series, (v) => v.old).filter((p) => p[1] > 0) },
        { name: 'in memory', points: series(run.series, (v) => v.active) },
        {
          name: `new ones delivered (${NEW_PER_SECOND} a second come)`,
          points: series(run.series, (v) => v.fresh).filter((p) => p[1] > 0),
        },
      ],
    }
  },
  async 'back-off'() {
    const { attempts } = await import('./scenarios/back-off.ts')
    const points = []
    for (let seed = 1; seed <= 20; seed++) {
      const { ages } = await attempts({}, undefined, 86_400, seed)
      for (let i = 1; i < ages.length; i++) points.push([ages[i - 1] / 60, (ages[i] - ages[i - 1]) / 60])
    }
    const rule = [...Array(300).keys()].map((n) => [n, Math.min(Math.max(n, 5), 4000 / 60)])
    return {
      title: 'The wait behind each attempt, 20 messages that are not taken',
      x: { label: 'age of the message at the attempt, minutes', from: 0, to: 300 },
      y: { label: 'minutes until the next', from: 0, to: 80 },
      series: [
        { name: 'attempts', points: points.filter((p) => p[0] <= 300), as: 'dots' },
        { name: 'the age, between 5 and 67 minutes', points: rule, as: 'dash' },
      ],
    }
  },
  async rate() {
    const { limited } = await import('./scenarios/back-off.ts')
    const steps = async (limits) => (await limited(limits, 60, 360)).starts.map((at, n) => [at, n + 1])
    return {
      title: '60 messages for one site at once',
      x: { ...time, to: 360 },
      y: { label: 'deliveries begun', from: 0, to: 60 },
      series: [
        { name: 'rate 10 in 60 s', points: await steps({ rate: { count: 10, per: 60_000 } }), as: 'step' },
        { name: 'rateDelay 5 s', points: await steps({ rateDelay: 5000 }), as: 'step' },
      ],
    }
  },
}

mkdirSync(FOLDER, { recursive: true })
for (const name of positionals.length > 0 ? positionals : Object.keys(PICTURES)) {
  const began = performance.now()
  if (!PICTURES[name]) throw new Error(`no picture ${name}; there are ${Object.keys(PICTURES).join(', ')}`)
  console.log(name)
  writeFileSync(path.join(FOLDER, `scheduler-${name}.svg`), chart(await PICTURES[name]()))
  console.log(`  ${((performance.now() - began) / 1000).toFixed(1)} s`)
}
