/** What is asked for a key. */
import { expand } from '@postern/lookup-kit'

/** Put in for the codes; such a name stands in no URL. */
const SAMPLE = 'postern-sample'

/** What is wrong with a URL's template, if anything. */
export function urlProblem(template: string): string | undefined {
  const filled = template.replace(/%[sudSUD1-9]/g, SAMPLE).replaceAll('%%', '%')
  let url: URL
  try {
    url = new URL(filled)
  } catch {
    return 'expected a URL'
  }
  if (!/^https?:$/.test(url.protocol)) return 'expected a URL of http or https'
  // it would be said in logs with the table's name
  if (url.username !== '' || url.password !== '')
    return 'no user or password may stand in the URL; use bearer or headers'
  if (url.host.includes(SAMPLE)) return 'the key cannot name the server'
  if (url.hash !== '') return 'a fragment is never sent'
  return undefined
}

/** The path and the query for a key; `undefined`: there is nothing to ask. */
export function targetOf(template: string, key: string): string | undefined {
  // half a character is in no URL
  if (/\p{Surrogate}/u.test(key)) return undefined
  const text = expand(template, { value: key, quote: encodeURIComponent })
  if (text === undefined) return undefined
  const target = /^[a-z]+:\/\/[^/?]*(.*)$/is.exec(text)![1]!
  const path = target.split('?', 1)[0]!
  // a key of dots must not lead to another resource (RFC 3986 section 5.2.4)
  if (path.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part))) return undefined
  return target.startsWith('/') ? target : `/${target}`
}
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** The body for a key; `undefined`: there is nothing to ask. */
export const bodyOf = (template: string, contentType: string, key: string): string | undefined =>
  expand(template, { value: key, quote: contentType === 'application/json' ? inJson : encodeURIComponent })
