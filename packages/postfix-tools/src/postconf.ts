/** The program's entry. */
export { main } from './postconf/main.ts'
