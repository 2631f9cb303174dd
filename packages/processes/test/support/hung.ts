/** A file system that answers nothing, as a server for homes that is away: FUSE, mounted and never read. */
import { spawn, spawnSync } from 'node:child_process'
import { bounded } from './bounded.ts'

/** In a process of its own: who asks such a file system in the one that serves it waits for ever. */
const SERVER = `const fs = require('node:fs'), { spawnSync } = require('node:child_process')
const at = process.argv[1], fd = fs.openSync('/dev/fuse', 'r+'), buffer = Buffer.alloc(1 << 18)
const o = 'fd=3,rootmode=40755,user_id=0,group_id=0,allow_other'
if (spawnSync('mount', ['-i', '-t', 'fuse', '-o', o, 'hung', at], { stdio: ['ignore', 'ignore', 'ignore', fd] }).status) process.exit(1)
// the first request is INIT: protocol 7.31, nothing special
fs.readSync(fd, buffer)
const out = Buffer.alloc(80)
out.writeUInt32LE(80, 0); buffer.copy(out, 8, 8, 16); out.writeUInt32LE(7, 16); out.writeUInt32LE(31, 20)
out.writeUInt32LE(4096, 36)
fs.writeSync(fd, out)
process.stdout.write('mounted')
// closing it gives all who wait an error, even a test that waits itself and so cannot end this
const end = () => { fs.closeSync(fd); spawnSync('umount', ['-l', at]); process.exit() }
setTimeout(end, 25_000)
process.stdin.on('end', end).resume()`

/** ms */
const PATIENCE = 5_000

/** `undefined` where this may not be done; otherwise ends it: all who wait get an error. Synchronous, to be called once or more. */
export async function hang(at: string, undo: (step: () => void) => void): Promise<(() => void) | undefined> {
  const server = spawn(process.execPath, ['-e', SERVER, at], { stdio: ['pipe', 'pipe', 'inherit'] })
  let mounted: boolean | undefined
  const end = () => {
    server.kill('SIGKILL')
    if (mounted !== false)
      spawnSync('umount', ['-l', at], { stdio: 'ignore', timeout: PATIENCE, killSignal: 'SIGKILL' })
    mounted = false
  }
  undo(end)
  const said = new Promise<boolean>((done) => {
    server.stdout.once('data', () => done(true))
    server.once('exit', () => done(false))
  })
  mounted = await bounded('a mount', PATIENCE, said)
  return mounted ? end : undefined
}
