/** What follows the command in master.cf: options with their values, then what the program reads by itself. */
import { nameValue, unwrap } from './text.ts'

export interface Override {
  readonly name: string
  readonly value: string
}
export interface ServiceArguments {
  args: string[]
  overrides: Override[]
  attributes: string[]
}

/** `words` as they stand in the file, with their braces. Tells `say` what is wrong. */
export function readArguments(words: readonly string[], say: (text: string, fatal: boolean) => void): ServiceArguments {
  const bare = (word: string) => {
    if (!word.startsWith('{')) return word
    const { text, problem } = unwrap(word, true)
    if (problem !== undefined) say(problem, true)
    return text
  }
  const args: string[] = []
  const overrides: Override[] = []
  const queue = [...words]
  while (queue.length > 0) {
    const option = queue[0]!
    if (!option.startsWith('-') || option === '-' || option === '--') break
    queue.shift()
    // -vo name=value, -oname=value
    const at = option.indexOf('o', 1)
    if (at > 1) args.push(option.slice(0, at))
    if (at < 0) {
      args.push(option)
      continue
    }
    const value = at + 1 < option.length ? option.slice(at + 1) : queue.shift()
    args.push('-o')
    if (value === undefined) {
      say("option requires an argument -- 'o'", true)
      continue
    }
    const text = bare(value)
    const pair = nameValue(text)
    if ('problem' in pair) say(`invalid "-o ${text}" option value: ${pair.problem}`, true)
    else overrides.push(pair)
    args.push('problem' in pair ? text : `${pair.name}=${pair.value}`)
  }
  const attributes = queue.map(bare)
  return { args: [...args, ...attributes], overrides, attributes }
}
