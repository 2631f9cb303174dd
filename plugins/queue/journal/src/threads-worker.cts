/**
 * What one of the journal's threads runs: it waits for orders in shared memory, carries them out one after the other with
 * synchronous calls, and answers. CommonJS: starts 8 ms sooner than a module, and takes 0.6 MiB less.
 */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const fs = require('node:fs') as typeof import('node:fs')
// eslint-disable-next-line @typescript-eslint/no-require-imports
const threads = require('node:worker_threads') as typeof import('node:worker_threads')

type Setup = import('./threads-ring.ts').Setup
type Call = import('./threads-ring.ts').Call

const { words, stage, port, layout } = threads.workerData as Setup
const { GIVEN, UP, DONE, TOLD, RING, FIRST, SIZE, OP, FD, OFFSET, LENGTH, LOW, HIGH, RESULT, PUT, PART, ops } = layout
const calls: Record<string, (...args: string[]) => number> = {
  rename: (from, to) => (fs.renameSync(from!, to!), 0),
  unlink: (path) => (fs.unlinkSync(path!), 0),
  size: (path) => Math.min(fs.statSync(path!).size, 2 ** 31 - 1),
  create: (path) => fs.openSync(path!, 'w'),
}

function carryOut(at: number): number {
  const fd = words[at + FD]!
  switch (words[at + OP]) {
    case ops.WRITE:
      return fs.writeSync(
        fd,
        stage,
        words[at + OFFSET],
        words[at + LENGTH],
        words[at + LOW]! + words[at + HIGH]! * PART,
      )
    case ops.COMMIT: {
      const length = words[at + LENGTH]!
      const position = words[at + LOW]! + words[at + HIGH]! * PART
      const written = fs.writeSync(fd, stage, words[at + OFFSET], length, position)
      if (written === length) {
        Atomics.store(words, at + PUT, 1)
        fs.fdatasyncSync(fd)
      }
      return written
    }
    case ops.FDATASYNC:
      fs.fdatasyncSync(fd)
      return 0
    case ops.FSYNC:
      fs.fsyncSync(fd)
      return 0
    default: {
      const { call, args } = (threads.receiveMessageOnPort(port) as { message: Call }).message
      return calls[call]!(...args)
    }
  }
}
Atomics.store(words, UP, 1)
port.postMessage(null)
for (let done = 0; ;) {
  while (Atomics.load(words, GIVEN) === done) Atomics.wait(words, GIVEN, done)
  const at = FIRST + (done & (RING - 1)) * SIZE
  if (words[at + OP] === ops.END) break
  try {
    words[at + RESULT] = carryOut(at)
  } catch (error) {
    const { message, code, errno, syscall } = error as NodeJS.ErrnoException
    port.postMessage({ order: done, message, code, errno, syscall })
    words[at + RESULT] = -1
  }
  done = (done + 1) | 0
  Atomics.store(words, DONE, done)
  // told once, until it has looked
  if (Atomics.exchange(words, TOLD, 1) === 0) port.postMessage(null)
}
