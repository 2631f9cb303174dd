/** Words between a daemon and the command that started it. */
import type { Greeting } from './greeting.ts'

export type Told =
  | { readonly postern: 'ready'; readonly greeting: Greeting }
  | { readonly postern: 'failed'; readonly text: string; readonly exit: number }

/** set in a daemon's environment by the command that waits for it */
export const DETACHED = 'POSTERN_DETACHED'
export const isDetached = (): boolean => process.env[DETACHED] === '1' && process.send !== undefined

/** False when no command waits for this process. */
export async function tellParent(told: Told): Promise<boolean> {
  if (!isDetached() || !process.connected) return false
  await new Promise<void>((done) => process.send!(told, undefined, undefined, () => done()))
  // it may have been interrupted; the daemon goes on without it
  if (process.connected) process.disconnect()
  return true
}
