/**
 * The world around a machine: next hops in a network of their own at the other end of a cable, because a machine that listens on
 * all its addresses leaves no port 25 for others. `hops.ts FILE NAME=ADDRESS ...` writes what they have taken to FILE.
 */
import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { Sink } from '../../conformance/peers/sink.ts'
import { until } from '../../conformance/room/testkit.ts'

const [file, ...named] = process.argv.slice(2) as [string, ...string[]]
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'ignore'] })
const works = (...args: string[]) => {
  try {
    ip(...args)
    return true
  } catch {
    return false
  }
}
await until('the cable', () => works('link', 'set', 'world', 'up'), 10_000)
const sinks = new Map<string, Sink>()
for (const pair of named) {
  const [name, address] = pair.split('=') as [string, string]
  ip('addr', 'add', `${address}/16`, 'dev', 'world')
  const sink = new Sink(name, { addr: address }, '/nowhere')
  await sink.up()
  sinks.set(name, sink)
}
let last = ''
setInterval(() => {
  const text = JSON.stringify(Object.fromEntries([...sinks].map(([name, { taken }]) => [name, taken])))
  if (text === last) return
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
  last = text
}, 50)
