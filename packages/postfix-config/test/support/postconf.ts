/** The same folder asked of Debian's postconf. */
import { spawnSync } from 'node:child_process'

export interface Said {
  lines: string[]
  warnings: string[]
  /** the last word, or the signal that ended it */
  fatal: string | undefined
}
export function postconf(dir: string, ...options: string[]): Said {
  const { stdout, stderr, signal } = spawnSync('/usr/sbin/postconf', ['-c', dir, ...options], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  const said = stderr.split('\n').map((line) => line.replace(/^\S*postconf: /, ''))
  const fatal = said.find((line) => line.startsWith('fatal: '))?.slice(7) ?? signal ?? undefined
  const warnings = said.filter((line) => line.startsWith('warning: ')).map((line) => line.slice(9))
  return { lines: stdout.split('\n').filter((line) => line !== ''), warnings, fatal }
}

/** `name = value` lines; postconf prints white space between words as one blank. */
export function valuesOf({ lines }: Said): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^(\S+) =(.*)$/s.exec(line) ?? []
      return [name ?? line, (value ?? '').trim()]
    }),
  )
}
export const oneBlank = (text: string) =>
  text
    .split(/[ \t\r\n]+/)
    .filter((word) => word !== '')
    .join(' ')
