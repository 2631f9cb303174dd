/** Who acts, for the record. */
import { userInfo } from 'node:os'

/** `alice (uid 1000)`; the uid alone where no name belongs to it. */
export function whoAmI(): string {
  const uid = `uid ${process.getuid?.()}`
  try {
    return `${userInfo().username} (${uid})`
  } catch {
    return uid
  }
}
