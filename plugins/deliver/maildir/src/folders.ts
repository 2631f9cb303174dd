/** Opens the folders of a maildir, and makes those that are missing. */
import { join } from 'node:path'
import { doing } from './faults.ts'
import { FOLDER, NO_LINK, close, fchown, fstat, fsync, inside, mkdir, open } from './files.ts'
import type { Folder } from './files.ts'
import { SEARCH, WRITE, needsChown, permits } from './owner.ts'
import type { Owner } from './owner.ts'

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** The base itself may be a symbolic link; below it none is followed. */
export async function openBase(path: string, owner: Owner | undefined): Promise<Folder> {
  const what = `open mailbox base ${path}`
  let fd = await open(path, FOLDER).catch((error: unknown) =>
    isMissing(error) ? -1 : doing(what, Promise.reject(error as Error)),
  )
  if (fd < 0) {
    const made = await doing(
      `create mailbox base ${path}`,
      mkdir(path, { recursive: true, mode: 0o700 }) as Promise<string | undefined>,
    )
    fd = await doing(what, open(path, FOLDER))
    if (made !== undefined && needsChown(owner)) await owned(fd, path, owner)
  }
  return { fd, path }
}

/** A folder in a folder: opened, or made with mode 0700 and synced into its parent. */
export async function openChild(
  parent: Folder,
  name: string,
  owner: Owner | undefined,
): Promise<Folder & { made: boolean }> {
  const path = join(parent.path, name)
  const enter = () => open(inside(parent, name), FOLDER | NO_LINK)
  await allowed(parent, owner, SEARCH, path)
  let made = false
  let fd = await enter().catch((error: unknown) =>
    isMissing(error) ? -1 : doing(`open ${path}`, Promise.reject(error as Error)),
  )
  if (fd < 0) {
    await allowed(parent, owner, SEARCH | WRITE, path)
    made = await make(parent, name, path)
    fd = await doing(`open ${path}`, enter())
    if (made && needsChown(owner)) await owned(fd, path, owner)
    await doing(`sync ${parent.path}`, fsync(parent.fd)).catch((error: unknown) => {
      close(fd)
      throw error
    })
  }
  return { fd, path, made }
}

/** `false`: somebody else was faster. */
async function make(parent: Folder, name: string, path: string): Promise<boolean> {
  try {
    await mkdir(inside(parent, name), { mode: 0o700 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    return doing(`create maildir folder ${path}`, Promise.reject(error as Error))
  }
}
async function owned(fd: number, path: string, owner: Owner): Promise<void> {
  try {
    await doing(`chown ${path}`, fchown(fd, owner.uid, owner.gid))
  } catch (error) {
    close(fd)
    throw error
  }
}

/** What the kernel would say to the owner, asked before root does it for him. */
export async function allowed(folder: Folder, owner: Owner | undefined, bits: number, path: string): Promise<void> {
  if (!needsChown(owner) || permits(await fstat(folder.fd), owner, bits)) return
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES', errno: -13, syscall: 'open' })
  return doing(`open ${path} as user id ${owner.uid}`, Promise.reject(denied))
}
