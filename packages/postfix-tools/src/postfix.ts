/** The program's entry. */
export { main } from './postfix/main.ts'
