/**
 * Before a daemon: each large read of a file takes as many ms more as the file SLOW_READS says, so that a journal finds its old mail late
 * or never. Messages are read in smaller pieces.
 */
const fs = require('node:fs')

const LARGE = 32 * 1024
const { read } = fs
function ms() {
  try {
    return Number(fs.readFileSync(process.env.SLOW_READS, 'utf8'))
  } catch {
    return 0
  }
}
fs.read = (fd, buffer, offset, length, ...rest) => {
  const wait = length >= LARGE ? ms() : 0
  if (wait > 0) setTimeout(() => read(fd, buffer, offset, length, ...rest), wait)
  else read(fd, buffer, offset, length, ...rest)
}
