/** What differs from run to run gets a name, so that the rest can be compared word for word. */
const DATE = /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), {1,2}\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}(?: \([A-Z]+\))?/g

/** `names`: placeholder -> text that stands for it in this run. */
export function normaliser(names) {
  const known = Object.entries(names).filter(([, text]) => text !== undefined && text !== '')
  const text = (s) => {
    let out = s.replace(DATE, '@DATE@')
    for (const [name, value] of known) {
      // a port is a word of its own; a folder may stand anywhere
      out = /^\d+$/.test(value) ? out.replace(new RegExp(`\\b${value}\\b`, 'g'), name) : out.replaceAll(value, name)
    }
    return out
      .replace(/^(From .+ {2})\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/gm, '$1@CTIME@')
      .replace(/\b(?=[A-V]*\d)[0-9A-F][0-9A-V]{12}\b/g, '@QID@')
      .replace(/<\d{14}\.[0-9a-f]+@/g, '<@ID@@')
      .replace(/<[\w.+/-]*@QID@[\w.+/@-]*>/g, '<@ID@>')
      .replace(/(boundary="?|^--)[^"\s]*@QID@[^"\s]*?((?:--)?"?)$/gm, '$1@BOUNDARY@$2')
  }
  const deep = (value) => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(deep)
    if (value && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [text(k), deep(v)]))
    return value
  }
  return deep
}

/** Order that does not count, made the same. */
export const sorted = (list) => [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
