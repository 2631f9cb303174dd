/** The locks of mailbox files, as Postfix's mailbox_delivery_lock names them. */
import * as fs from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import type { Account } from './accounts.ts'
import { codeOf } from '@postern/mailboxes/strerror'
import { inside } from './folders.ts'
import type { Folder } from './folders.ts'
import { launch } from './launch.ts'
import { quietly } from './maildir.ts'
import type { Settings } from './target.ts'

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants

/** `file.lock` beside the file. Every step runs with the rights that its caller has taken. */
export class DotLock {
  readonly #folder: Folder
  readonly #name: string
  #mine: { readonly dev: number; readonly ino: number } | undefined

  constructor(folder: Folder, file: string) {
    this.#folder = folder
    this.#name = `${file}.lock`
  }
  /** False: somebody else has it. Throws the system's errors. One older than `stale` ms is nobody's. */
  take(stale: number): boolean {
    const path = inside(this.#folder, this.#name)
    try {
      const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      this.#mine = fs.fstatSync(fd)
      fs.closeSync(fd)
      return true
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const there = fs.lstatSync(path, { throwIfNoEntry: false })
    if (there && Date.now() - there.mtimeMs > stale) fs.unlinkSync(path)
    return false
  }
  /** Another program may have thought it stale, and made its own. */
  release(): void {
    const path = inside(this.#folder, this.#name)
    const there = this.#mine && fs.lstatSync(path, { throwIfNoEntry: false })
    if (there?.ino === this.#mine?.ino && there?.dev === this.#mine?.dev && there) quietly(() => fs.unlinkSync(path))
    this.#mine = undefined
  }
}

/**
 * Node has neither fcntl(2) nor flock(2). So a perl(1) holds the locks, of the same open file, as the user, for as long as its
 * standard input is open: it ends with this process.
 */
const LOCKER = `use Fcntl qw(:flock F_SETLK F_WRLCK SEEK_SET); use Errno qw(EAGAIN EACCES);
my ($tries, $delay, @kinds) = @ARGV;
open(my $f, ">&=", 3) or exit 2;
my $lock = pack("s s x![q] q q i", F_WRLCK, SEEK_SET, 0, 0, 0);
sub take { $_[0] eq "flock" ? flock($f, LOCK_EX | LOCK_NB) : fcntl($f, F_SETLK, $lock) }
for (1 .. $tries) {
  while (@kinds && take($kinds[0])) { shift @kinds }
  if (!@kinds) { syswrite(STDOUT, "locked"); sysread(STDIN, my $end, 1); exit 0 }
  exit 3 unless $! == EAGAIN || $! == EACCES;
  select(undef, undef, undef, $delay / 1000);
}
exit 1;`
/** exit code of the above: somebody else had it all the time */
const BUSY = 1
/** ms that its end is waited for */
const GONE = 1000
// struct flock as it is packed above
const KNOWN = ['x64', 'arm64', 'ppc64', 'riscv64', 's390x', 'loong64']

export class KernelLock {
  #child: ChildProcess | undefined

  /** Why a lock could not be taken; `undefined`: all of them are held. */
  async take(
    fd: number,
    kinds: readonly ('fcntl' | 'flock')[],
    account: Account,
    settings: Settings,
  ): Promise<string | undefined> {
    if (!KNOWN.includes(process.arch)) return `no locks of the kernel on ${process.arch}`
    const { lockAttempts, lockDelay } = settings
    const argv = ['perl', '-e', LOCKER, String(lockAttempts), String(lockDelay), ...kinds]
    const child = launch(account, argv, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'ignore', fd] })
    this.#child = child
    child.stdin!.on('error', () => undefined)
    return new Promise((resolve) => {
      child.stdout!.once('data', () => resolve(undefined))
      child.once('error', (error) => resolve(`locks of the kernel need perl(1) and setpriv(1): ${error.message}`))
      child.once('exit', (code) =>
        resolve(
          code === BUSY
            ? 'unable to lock for exclusive access: Resource temporarily unavailable'
            : `locks of the kernel need perl(1): exit code ${code}`,
        ),
      )
    })
  }
  /** Resolves when it is free: whoever asks a moment too early waits for a second. */
  release(): Promise<void> {
    const child = this.#child
    if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
      return Promise.resolve()
    child.stdin!.destroy()
    return new Promise((done) => {
      const late = setTimeout(done, GONE)
      child.once('exit', () => (clearTimeout(late), done()))
    })
  }
}
