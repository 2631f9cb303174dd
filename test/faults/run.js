/**
 * The fault tests by themselves, with their figures as a table.
 *   node test/faults/run.js                the short version, as in npm test
 *   node test/faults/run.js --full         the whole count: 240 power cuts, 300 kills ... (half an hour on two cores)
 *   node test/faults/run.js power crash    only these
 * SEED=n: another load, other moments. Needs `npm run build`.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { ensureServers } from '../tools/servers.js'
import { ROOT } from '../tools/workspace.js'

const full = process.argv.includes('--full')
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const folder = path.join(ROOT, 'test/faults')
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
const rows = []
let bad = 0

function run(file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', path.join(folder, file)], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, FAULTS: full ? 'full' : '', FORCE_COLOR: '0', NO_COLOR: '1' },
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const row = /# row (\{.*\})/.exec(line)?.[1]
      if (row) rows.push(JSON.parse(row))
      else if (line.trim() !== '') console.log(`${file}: ${line}`)
    })
    child.once('close', resolve)
  })
}
const HEAD = ['class', 'runs', 'acknowledged', 'lost', 'held', 'twice, explained', 'twice, unexplained']
function table() {
  const cells = rows.map((r) =>
    [r.name, r.runs, r.acknowledged, r.lost, r.held ?? '', r.explained, r.unexplained].map(String),
  )
  const widths = HEAD.map((head, n) => Math.max(head.length, ...cells.map((row) => row[n].length)))
  const line = (row) =>
    `| ${row.map((cell, n) => (n ? cell.padStart(widths[n]) : cell.padEnd(widths[n]))).join(' | ')} |`
  console.log(line(HEAD))
  console.log(`|${widths.map((width, n) => (n ? '-'.repeat(width + 1) + ':' : '-'.repeat(width + 2))).join('|')}|`)
  for (const row of cells) console.log(line(row))
  for (const { name, note } of rows) if (note) console.log(`${name}: ${note}`)
}

ensureServers()
for (const file of files) {
  const began = Date.now()
  const code = await run(file)
  if (code !== 0) bad++
  console.log(`${file}: ${code === 0 ? 'ok' : 'FAILED'} (${Math.round((Date.now() - began) / 1000)} s)`)
}
table()
if (bad || files.length === 0) console.log(files.length ? `${bad} of ${files.length} failed` : 'no such test')
process.exitCode = bad || files.length === 0 ? 1 : 0
