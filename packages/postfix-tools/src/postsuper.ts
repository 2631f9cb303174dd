/** The program's entry. */
export { main } from './postsuper/main.ts'
