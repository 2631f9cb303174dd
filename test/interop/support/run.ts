/** Runs a program to its end. */
import { spawn } from 'node:child_process'

export interface Ran {
  readonly code: number | null
  readonly output: string
}
export function run(command: string, args: readonly string[], input = '', ms = 30_000): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: ms })
    let output = ''
    for (const s of [child.stdout, child.stderr]) s.setEncoding('utf8').on('data', (d: string) => (output += d))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
