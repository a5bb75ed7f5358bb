// Keeps one compiler warm: starting it takes longer than what a mutant needs of it. Listens on the socket named on the
// command line; whoever connects sends standard JSON, or nothing to be told the version. Ends when its standard input does,
// and so with whoever started it.
import { createRequire } from 'node:module'
import { createServer } from 'node:net'

const solc = createRequire(new URL('../../package.json', import.meta.url))('solc')
const version = `solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace('.Emscripten.clang', '.Linux.g++')}\n`

createServer({ allowHalfOpen: true }, (socket) => {
  const parts = []
  socket.on('data', (part) => parts.push(part))
  socket.on('end', () => socket.end(parts.length ? solc.compile(Buffer.concat(parts).toString()) : version))
}).listen(process.argv[2])

process.stdin.on('end', () => process.exit()).resume()
