/** A promise that is not kept yet: seen to be broken, told in the figures, and no failure. When it is kept, this says so. */
import { progress, row } from './report.ts'

export function notYet(name: string, why: string, test: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await test()
      progress(`KEPT NOW: ${name}: it is no longer to be wrapped in notYet`)
    } catch (error) {
      progress(`NOT KEPT YET: ${name}: ${why}: ${(error as Error).message.split('\n')[0]}`)
      row({ name, runs: 1, acknowledged: 0, lost: 0, explained: 0, unexplained: 0, note: `NOT KEPT YET: ${why}` })
    }
  }
}
