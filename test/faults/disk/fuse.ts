/**
 * The few messages of the kernel's FUSE protocol (include/uapi/linux/fuse.h, version 7.31) that a folder with a fixed list
 * of files needs. Read and answered one at a time: what was answered before a sync came before it.
 */
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'

export const EIO = 5
const ENOENT = 2
const ENOSYS = 38
const [LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS] = [1, 2, 3, 4, 14, 15, 16, 17]
const [RELEASE, FSYNC, FLUSH, INIT, OPENDIR, RELEASEDIR, ACCESS] = [18, 20, 25, 26, 27, 29, 34]
const [INTERRUPT, BATCH_FORGET] = [36, 42]
const SILENT = [FORGET, INTERRUPT, BATCH_FORGET]
const IN_HEADER = 40
const OUT_HEADER = 16
/** more than the journal writes at once: see `BIG_WRITES` */
const MAX_WRITE = 1024 * 1024
/**
 * A write is one request, not one a page. The loop device takes one that ended short as done (seen on Linux 6.18): a fault between two pages
 * would be a disk that loses what it has synced, and says nothing.
 */
const BIG_WRITES = 1 << 5
const MAX_PAGES = 1 << 22
/** neither pages nor names of it are cached by the kernel */
const DIRECT_IO = 1

export interface ServedFile {
  readonly name: string
  readonly size: number
  /** not cached by the kernel */
  readonly direct: boolean
  /** bytes or an errno */
  read(offset: number, length: number): Buffer | number
  /** 0 or an errno */
  write(offset: number, data: Buffer): number
  /** 0 or an errno */
  sync(): number
}

/** Mounts a folder with these files at `at`, and serves it until it is unmounted. Files may be added meanwhile. */
export function serve(at: string, files: readonly ServedFile[]): void {
  const fd = fs.openSync('/dev/fuse', 'r+')
  const options = 'fd=3,rootmode=40755,user_id=0,group_id=0'
  const run = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'postern-disk', at], {
    stdio: ['ignore', 'inherit', 'inherit', fd],
  })
  if (run.status !== 0) throw new Error(`mount of ${at} failed`)
  process.stdout.write('mounted\n')
  const buffer = Buffer.alloc(MAX_WRITE + 4096 * 2)
  for (;;) {
    let length: number
    try {
      length = fs.readSync(fd, buffer)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // the request was taken back before it was read
      if (code === 'ENOENT' || code === 'EINTR' || code === 'EAGAIN') continue
      if (code === 'ENODEV') return
      throw error
    }
    const opcode = buffer.readUInt32LE(4)
    if (SILENT.includes(opcode)) continue
    const answer = answerTo(opcode, buffer.readUInt32LE(16), buffer.subarray(IN_HEADER, length), files)
    const head = Buffer.alloc(OUT_HEADER)
    const body = typeof answer === 'number' ? Buffer.alloc(0) : answer
    head.writeUInt32LE(OUT_HEADER + body.length, 0)
    head.writeInt32LE(typeof answer === 'number' ? -answer : 0, 4)
    buffer.copy(head, 8, 8, 16)
    reply(fd, Buffer.concat([head, body]))
  }
}
function reply(fd: number, message: Buffer): void {
  try {
    fs.writeSync(fd, message)
  } catch (error) {
    // who asked has been interrupted meanwhile
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** The answer's bytes, or an errno (0: done, nothing to say). Node 1 is the folder, 2 the first file. */
function answerTo(opcode: number, node: number, body: Buffer, files: readonly ServedFile[]): Buffer | number {
  const file = files[node - 2]
  switch (opcode) {
    case INIT:
      return init(body)
    case LOOKUP: {
      const n = files.findIndex((f) => f.name === body.toString('utf8', 0, body.indexOf(0)))
      return n < 0 ? ENOENT : Buffer.concat([entry(n + 2), attributes(n + 2, files[n]!.size)])
    }
    case GETATTR:
    case SETATTR:
      return Buffer.concat([Buffer.alloc(16), attributes(node, file?.size ?? 0)])
    case OPEN:
    case OPENDIR: {
      const out = Buffer.alloc(16)
      out.writeUInt32LE(file?.direct ? DIRECT_IO : 0, 8)
      return out
    }
    case READ:
      return file!.read(Number(body.readBigUInt64LE(8)), body.readUInt32LE(16))
    case WRITE: {
      const size = body.readUInt32LE(16)
      const bad = file!.write(Number(body.readBigUInt64LE(8)), body.subarray(40, 40 + size))
      if (bad) return bad
      const out = Buffer.alloc(8)
      out.writeUInt32LE(size, 0)
      return out
    }
    case FSYNC:
      return file?.sync() ?? 0
    case STATFS:
      return Buffer.alloc(80)
    case FLUSH:
    case RELEASE:
    case RELEASEDIR:
    case ACCESS:
      return 0
    default:
      return ENOSYS
  }
}
function init(body: Buffer): Buffer {
  const out = Buffer.alloc(64)
  out.writeUInt32LE(7, 0)
  out.writeUInt32LE(31, 4)
  out.writeUInt32LE(body.readUInt32LE(8), 8)
  out.writeUInt32LE(BIG_WRITES | MAX_PAGES, 12)
  out.writeUInt16LE(16, 16)
  out.writeUInt16LE(12, 18)
  out.writeUInt32LE(MAX_WRITE, 20)
  out.writeUInt32LE(1, 24)
  out.writeUInt16LE(MAX_WRITE / 4096, 28)
  return out
}
function entry(node: number): Buffer {
  const out = Buffer.alloc(40)
  out.writeBigUInt64LE(BigInt(node), 0)
  return out
}
function attributes(node: number, size: number): Buffer {
  const out = Buffer.alloc(88)
  out.writeBigUInt64LE(BigInt(node), 0)
  out.writeBigUInt64LE(BigInt(size), 8)
  out.writeBigUInt64LE(BigInt(Math.ceil(size / 512)), 16)
  out.writeUInt32LE(node === 1 ? 0o40755 : 0o100600, 60)
  out.writeUInt32LE(1, 64)
  out.writeUInt32LE(4096, 80)
  return out
}
