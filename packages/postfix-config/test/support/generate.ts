/** Random main.cf and master.cf files, some of them hostile; the same seed makes the same file. */

export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1
  }
  /** 0 to n - 1 (mulberry32) */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
  chance(percent: number): boolean {
    return this.below(100) < percent
  }
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }
}

const KNOWN = [
  ...['myhostname', 'mydomain', 'myorigin', 'mydestination', 'relay_domains', 'smtpd_banner'],
  ...['virtual_alias_maps', 'alias_maps', 'smtpd_relay_restrictions', 'smtpd_restriction_classes', 'luser_relay'],
  ...['compatibility_level', 'smtpd_reject_footer', 'append_dot_mydomain', 'virtual_maps'],
]
const MISSPELT = ['my_hostname', 'relay_domain', 'smtpd_client_restriction', 'mydestinations', 'foo', 'smtpd_bannner']
const OWN = ['u1', 'u2', 'u3', 'class_a', 'class_b', 'tag_hosts', 'tag_server_host', 'foo_time_limit', 'smtp_x_limit']
const WORDS = [
  'a.example',
  '$',
  'x',
  '10',
  '9',
  '=',
  '#',
  'é',
  '{',
  '}',
  'mysql:tag',
  'ldap:tag',
  'proxy:mysql:tag',
  ':',
  '?',
]
const GOOD = [
  'a.example',
  'x',
  '10',
  '9',
  'mysql:tag',
  'ldap:tag',
  'hash:/etc/x',
  '$$',
  'class_a',
  'class_b',
  '3.6',
  '=b',
]
const BLANK = [' ', '  ', '\t', ', ', '\n ', '\n\t# comment\n  ', '\n#flush left\n ', '\n\n ', '\r\n ']

/** `wild` percent of the choices are likely to be errors. */
export function mainCf(dice: Dice, wild: number): string {
  const name = () => dice.one(dice.chance(50) ? OWN : dice.chance(85) ? KNOWN : MISSPELT)
  const value = (depth = 0): string => dice.some(4, () => part(depth)).join(dice.chance(70) ? dice.one(BLANK) : '')
  const part = (depth: number): string => {
    if (dice.chance(wild)) return dice.one(WORDS)
    if (depth > 2 || dice.chance(50)) return dice.one(GOOD)
    return expression(depth + 1)
  }
  const inline = (depth: number) => value(depth).replaceAll('\n', ' ')
  const braced = (depth: number) => `${dice.one(['', ' '])}{${inline(depth)}}${dice.one(['', ' '])}`
  const expression = (depth: number): string => {
    const n = dice.chance(60) ? dice.one(OWN) : dice.one(KNOWN)
    switch (dice.below(8)) {
      case 0:
        return `$${n}`
      case 1:
        return `$(${n})`
      case 2:
        return `\${${n}?${inline(depth)}}`
      case 3:
        return `\${${n}:${braced(depth)}}`
      case 4:
        return `\${${n}?${braced(depth)}:${dice.chance(70) ? braced(depth) : inline(depth)}}`
      case 5: {
        const operator = dice.one(['==', '!=', '<', '<=', '>', '>=', '== ', dice.chance(wild) ? '=' : '<level '])
        const side = () => (operator.includes('level') ? `{${dice.one(['3', '3.6', '2.10', '10.1'])}}` : braced(depth))
        return `\${${side()}${operator}${side()}${dice.chance(80) ? `?${braced(depth)}:${braced(depth)}` : ''}}`
      }
      default:
        return `\${${n}}`
    }
  }
  const line = () => {
    if (dice.chance(wild / 4)) return dice.one(['foo', '= x', ' lost', 'a b = c', '\v = 1', 'x'])
    if (dice.chance(5))
      return `mynetworks_style = ${dice.one(['host', 'subnet', 'class', dice.chance(wild) ? 'x' : 'host'])}`
    // what is no address there is looked up in the DNS
    const interfaces = ['all', 'loopback-only', '127.0.0.1', '127.0.0.1, [::1]']
    if (dice.chance(5)) return `inet_interfaces = ${dice.one(interfaces)}`
    return `${name()}${dice.one(['', ' '])}=${dice.one(['', ' ', '\t'])}${value()}${dice.one(['', ' '])}`
  }
  return dice.some(12, line).concat('').join('\n') + dice.one(['', '', '\n', '# end', ' # end'])
}

/** As `mainCf`. Without `-oname=value`: postconf 3.7 reads memory there that it has freed. */
export function masterCf(dice: Dice, wild: number): string {
  const odd = <T>(good: readonly T[], bad: readonly T[]) => dice.one(dice.chance(wild) ? bad : good)
  const setting = () =>
    `${dice.one([...OWN, ...KNOWN, ...MISSPELT])}=${dice.one(['', 'yes', '$u1', '$mydomain', '${u2}'])}`
  const option = () =>
    dice.one([
      () => '-v',
      () => `-o ${setting()}`,
      () => `-o { ${setting().replace('=', ' = ')} two words }`,
      () => `-o {${setting()}}`,
      () => odd(['-v', '-D'], ['-o', '-o x', '-o {x', '-o {x}', '-o {a=b}c', '-']),
    ])()
  const attribute = () => odd(['user=nobody', 'argv=/bin/true', '{flags = R}', '${sender}', 'a{b'], ['{a', '{a}b', '}'])
  let count = 0
  const line = () => {
    const number = dice.chance(95) ? String(count++) : ''
    const type = odd(['inet', 'unix', 'fifo', 'pass', 'unix-dgram'], ['tcp', '-', 'INET'])
    const service =
      type === 'inet'
        ? odd(['smtp', `10.0.0.1:25${number}`, `[::1]:587${number}`], ['[::1', ':'])
        : dice.one(['foo', 'smtp', 'x']) + number
    const fields = [
      ...[service, type, odd(type === 'inet' ? ['n'] : ['y', 'n', '-'], ['x', 'yn', 'Y'])],
      ...[odd(['y', 'n', '-'], ['?']), odd(['y', 'n', '-'], ['yes'])],
      ...[odd(['-', '60', '60?', '0', '0?'], ['x', '6x', '-1']), odd(['-', '0', '1', '50'], ['x', '-1', '1?'])],
      dice.one(['smtpd', 'pipe', 'spawn', 'smtp', 'local', 'cleanup', 'lmtp', 'virtual', '/usr/lib/x']),
    ]
    if (dice.chance(wild / 2)) fields.pop()
    return [...fields, ...dice.some(3, option), ...dice.some(2, attribute)].join(
      dice.one([' ', '\t', '\n  ', '\n# c\n ']),
    )
  }
  return dice.some(6, line).concat('').join('\n')
}
