import ts from 'typescript-eslint'

const always = (...names) => Object.fromEntries(names.map((name) => [name, 'error']))
const BASE = {
  ...always(
    'no-cond-assign',
    'no-const-assign',
    'no-control-regex',
    'no-dupe-else-if',
    'no-dupe-keys',
    'no-duplicate-case',
  ),
  ...always('no-fallthrough', 'no-irregular-whitespace', 'no-loss-of-precision', 'no-self-assign', 'no-unreachable'),
  ...always('no-unsafe-finally', 'no-unsafe-negation', 'no-unsafe-optional-chaining', 'no-useless-escape', 'no-var'),
  ...always(
    'no-async-promise-executor',
    'no-regex-spaces',
    'no-sparse-arrays',
    'use-isnan',
    'valid-typeof',
    'prefer-const',
  ),
  // an error that is swallowed is a message that is lost: say in the block why nothing is to be done
  'no-empty': ['error', { allowEmptyCatch: false }],
  eqeqeq: ['error', 'always', { null: 'ignore' }],
}
const TESTS = ['**/test/**/*.ts']
const node = Object.fromEntries(
  ['process', 'console', 'Buffer', 'URL', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate']
    .concat(['AbortController', 'AbortSignal', 'performance', 'structuredClone', 'TextDecoder', 'TextEncoder', 'fetch'])
    .map((name) => [name, 'readonly']),
)

export default ts.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      'packages/create-plugin/template/',
      'var/',
      'test/bench/results/',
      'test/samples/',
    ],
  },
  { rules: BASE, linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: node },
    rules: { 'no-undef': 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }] },
  },
  {
    files: ['**/*.ts'],
    extends: [ts.configs.recommended],
    // one program for all: a program per package would load the same declarations forty times
    languageOptions: { parserOptions: { project: 'test/tsconfig.lint.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // a promise that floats takes the process with it when it rejects: mail in hand would wait for a restart
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: true, attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      // `{}` is "no needs" in the contract's types
      '@typescript-eslint/no-empty-object-type': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // views are object literals with getters over the object that makes them
      '@typescript-eslint/no-this-alias': 'off',
      'no-undef': 'off',
    },
  },
  {
    files: TESTS,
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': false }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      'no-control-regex': 'off',
    },
  },
)
