#!/usr/bin/env node
// Answers to what forge asks of a native compiler, with the one that compiles the artifacts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const solc = createRequire(new URL('../../package.json', import.meta.url))('solc')

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace('.Emscripten.clang', '.Linux.g++')}`)
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  console.error(`only --version and --standard-json are answered, not ${process.argv.slice(2).join(' ')}`)
  process.exit(1)
}
