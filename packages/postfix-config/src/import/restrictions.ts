/** Which restrictions the map understands. */
const KNOWN = new Set([
  'permit_mynetworks',
  'permit_sasl_authenticated',
  'permit_auth_destination',
  'reject_unauth_destination',
  'defer_unauth_destination',
  'permit',
])
export const isKnownRestriction = (word: string): boolean => KNOWN.has(word.toLowerCase())
