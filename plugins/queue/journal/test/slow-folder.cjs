/** The journal's thread on a disk where the sync of a folder takes a second and a half. */
const fs = require('node:fs')
const { fsyncSync } = fs
fs.fsyncSync = (fd) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
  fsyncSync(fd)
}
require('../dist/threads-worker.cjs')
