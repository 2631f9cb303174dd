/** How Postfix looks addresses and domains up. */
export { firstOf, parents } from './maps.ts'
export type { Failed, Found, Searched } from './maps.ts'
export { domainList } from './domain-list.ts'
export type { DomainEntry, DomainList, ListOptions, Matched } from './domain-list.ts'
