/** What the primary says while no worker is there to write it: on standard error, and when it was. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { stderrSink } from '@postern/core'
import { Supervisor } from '@postern/processes'

/** Lines written to standard error meanwhile, each read as JSON. */
function told(say: () => void): Record<string, unknown>[] {
  const { write } = process.stderr
  const lines: string[] = []
  process.stderr.write = ((line: string) => lines.push(line) > 0) as typeof write
  try {
    say()
  } finally {
    process.stderr.write = write
  }
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('the supervisor without workers, and the core without a log plugin: level, time, event, fields', () => {
  const supervisor = new Supervisor({} as never)
  const began = Date.now()
  for (const say of [
    () => supervisor.log('error', 'worker.died', { pid: 7 }),
    () => stderrSink.write('error', 'worker.died', { pid: 7 }),
  ]) {
    const [line] = told(say)
    const { time, ...rest } = line!
    assert.equal(rest, { level: 'error', event: 'worker.died', pid: 7 })
    assert.ok(Date.parse(String(time)) >= began, String(time))
  }
})

test.run()
