/** What runs inside the namespaces: `inside.ts FOLDER PLAY [ARG ...]`, PLAY a file of this folder. Its last line is the play's answer as JSON. */
import { Machine } from './machine.ts'

export type Play = (machine: Machine, ...args: readonly string[]) => Promise<unknown>

const [folder, name, ...args] = process.argv.slice(2) as [string, string, ...string[]]
try {
  const { play } = (await import(`./${name}.ts`)) as { play: Play }
  const answer = await play(new Machine(folder), ...args)
  process.stdout.write(`\n${JSON.stringify({ answer })}\n`, () => process.exit(0))
} catch (error) {
  process.stdout.write(`\n${JSON.stringify({ error: (error as Error).stack })}\n`, () => process.exit(0))
}
