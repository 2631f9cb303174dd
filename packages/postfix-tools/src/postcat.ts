/** The program's entry. */
export { main } from './postcat/main.ts'
