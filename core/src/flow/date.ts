/** RFC 5322 section 3.3 dates in local time; made once a second, not once a message. */
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number) => String(n).padStart(2, '0')
let second = -1
let text = ''

export function rfc5322Date(ms: number): string {
  const s = Math.floor(ms / 1000)
  if (s === second) return text
  const d = new Date(s * 1000)
  const offset = -d.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const name = /\(([A-Z]{3,5})\)/.exec(d.toString())?.[1] ?? (offset === 0 ? 'UTC' : undefined)
  second = s
  text = `${DAYS[d.getDay()]}, ${String(d.getDate()).padStart(2, ' ')} ${MONTHS[d.getMonth()]} ${d.getFullYear()} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())} ${zone}${name ? ` (${name})` : ''}`
  return text
}
