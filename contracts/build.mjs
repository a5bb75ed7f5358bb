// Compiles every contract into artifacts/<Name>.json. `--check` writes nothing and exits 1 when a
// committed artifact differs from a fresh compile.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import solc from 'solc'

const root = dirname(fileURLToPath(import.meta.url))
const artifacts = join(root, 'artifacts')
const modules = join(root, '..', 'node_modules')
const compiler = '0.8.37'

const input = {
  language: 'Solidity',
  sources: readSources(),
  settings: {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 1_000_000 },
    viaIR: true,
    // Nothing but the code itself may change an artifact.
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: {
      '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'] },
    },
  },
}

function listFiles(folder, ending) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map((name) => name.split(sep).join('/'))
    .filter((name) => name.endsWith(ending))
    .sort()
}

function readSources() {
  const names = listFiles(root, '.sol').filter((name) => !name.startsWith('proofs/'))
  return Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(root, name), 'utf8') }]))
}

function readImport(path) {
  const file = join(modules, path)
  return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `${path} is not installed: run npm ci` }
}

function compile() {
  if (!solc.version().startsWith(compiler)) throw new Error(`solc ${compiler} is wanted, ${solc.version()} is installed`)
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }))
  const complaints = (output.errors ?? []).filter(isOurs)
  for (const complaint of complaints) console.error(complaint.formattedMessage)
  if (complaints.length > 0) throw new Error('the contracts do not compile cleanly')
  return output.contracts
}

// A library's own warnings are not ours to fix.
function isOurs({ severity, sourceLocation }) {
  return severity === 'error' || !sourceLocation?.file.startsWith('@')
}

// Interfaces have no code, and libraries' is part of who uses them: neither has an artifact; contracts used by tests alone go to artifacts/test/.
function render(contracts) {
  const files = new Map()
  for (const [source, byName] of Object.entries(contracts)) {
    if (source.startsWith('@') || source.startsWith('libraries/')) continue
    for (const [name, contract] of Object.entries(byName)) {
      const { bytecode, deployedBytecode } = contract.evm
      if (bytecode.object === '') continue
      const artifact = {
        contract: name,
        source: `contracts/${source}`,
        compiler: solc.version().split('.Emscripten')[0],
        abi: contract.abi,
        bytecode: `0x${bytecode.object}`,
        runtime: `0x${deployedBytecode.object}`,
        immutables: groupImmutables(deployedBytecode.immutableReferences ?? {}),
      }
      const file = source.startsWith('test/') ? `test/${name}.json` : `${name}.json`
      if (files.has(file)) throw new Error(`two contracts are named ${name}`)
      files.set(file, `${JSON.stringify(artifact, null, 1)}\n`)
    }
  }
  return files
}

// For each immutable, in order of appearance, where in the runtime code it stands. The compiler's own keys change with
// every unrelated source.
function groupImmutables(references) {
  const places = Object.values(references).map((group) => [...group].sort((a, b) => a.start - b.start))
  return places.sort((a, b) => a[0].start - b[0].start)
}

function differences(files) {
  const committed = listFiles(artifacts, '.json')
  const stale = [...files].filter(([name, text]) => {
    const file = join(artifacts, name)
    return !existsSync(file) || readFileSync(file, 'utf8') !== text
  })
  return { stale, orphans: committed.filter((name) => !files.has(name)) }
}

const files = render(compile())
const { stale, orphans } = differences(files)
if (process.argv.includes('--check')) {
  for (const name of [...stale.map(([name]) => name), ...orphans]) console.error(`${relative(join(root, '..'), join(artifacts, name))} differs from a fresh compile`)
  if (stale.length + orphans.length > 0) process.exit(1)
  console.log(`${files.size} artifacts are up to date`)
} else {
  for (const name of orphans) rmSync(join(artifacts, name))
  for (const [name, text] of stale) {
    mkdirSync(dirname(join(artifacts, name)), { recursive: true })
    writeFileSync(join(artifacts, name), text)
  }
  console.log(`${stale.length} of ${files.size} artifacts written, ${orphans.length} removed`)
}
