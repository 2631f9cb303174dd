/** How orders and answers lie in the memory that a thread shares with the event loop. All of it is Int32. */
import type { MessagePort } from 'node:worker_threads'

/** orders under way at most, a power of two */
const RING = 64
/** words of an order */
const SIZE = 8
/** words before the first order; the counters are apart, each in a cache line of its own */
const FIRST = 48
export const LAYOUT = {
  RING,
  SIZE,
  FIRST,
  /** orders given so far: the thread waits for it to change */
  GIVEN: 0,
  /** 1: the thread has begun to take them */
  UP: 1,
  /** orders carried out so far */
  DONE: 16,
  /** 1: the event loop has been told that there are answers, and has not looked yet */
  TOLD: 32,
  OP: 0,
  FD: 1,
  /** where in the stage the bytes to write stand, and how many */
  OFFSET: 2,
  LENGTH: 3,
  /** position in the file: LOW + HIGH * PART */
  LOW: 4,
  HIGH: 5,
  /** what the call gave; -1: it failed, the error is in a message */
  RESULT: 6,
  /** 1: the bytes of a COMMIT stand in the file, its sync still runs */
  PUT: 7,
  PART: 2 ** 30,
  ops: { WRITE: 1, FDATASYNC: 2, FSYNC: 3, CALL: 4, END: 5, COMMIT: 6 },
} as const
export const WORDS = FIRST + RING * SIZE

/** What a thread is started with. */
export interface Setup {
  readonly words: Int32Array
  /** bytes to write, copied here */
  readonly stage: Uint8Array
  readonly port: MessagePort
  readonly layout: typeof LAYOUT
}
/** A call with names in it, which goes to the thread beside the ring. */
export interface Call {
  readonly call: string
  readonly args: readonly string[]
}
/** A call that failed, as the thread tells it. */
export interface Failure {
  readonly order: number
  readonly message: string
  readonly code?: string
  readonly errno?: number
  readonly syscall?: string
}
