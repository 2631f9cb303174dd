/** Who has a home in a room. */
export const PEOPLE: Readonly<Record<string, number>> = {
  rich: 2001,
  katie: 2002,
  barbara: 2003,
  jessica: 2004,
  matthew: 2005,
  keeper: 2010,
  filter: 2020,
}
/** owns virtual mailboxes */
export const VMAIL = 5000

/** The number of a person, of vmail, or of root for any other name. */
export const uidOf = (name: string): number => (name === 'vmail' ? VMAIL : (PEOPLE[name] ?? 0))

const capital = (name: string) => name[0]!.toUpperCase() + name.slice(1)

/** `/etc/passwd` and `/etc/group` with them in place of others of their names. */
export function accountFiles(
  passwd: string,
  group: string,
  homeOf: (name: string) => string,
): { passwd: string; group: string } {
  const names = [...Object.keys(PEOPLE), 'vmail']
  const others = (file: string) =>
    file.split('\n').filter((line) => line !== '' && !names.includes(line.split(':')[0]!))
  const users = Object.entries(PEOPLE).map(
    ([name, id]) => `${name}:x:${id}:${id}:${capital(name)} Test:${homeOf(name)}:/bin/sh`,
  )
  const vmail = `vmail:x:${VMAIL}:${VMAIL}::/nonexistent:/usr/sbin/nologin`
  const groups = Object.entries(PEOPLE).map(([name, id]) => `${name}:x:${id}:`)
  const file = (...lines: readonly string[][]) => `${lines.flat().join('\n')}\n`
  return { passwd: file(others(passwd), [vmail], users), group: file(others(group), [`vmail:x:${VMAIL}:`], groups) }
}
