// Runs a Go test binary for js/wasm in Node with the page's vector kernels:
//
//   GOOS=js GOARCH=wasm go test -exec "node tools/wasmtest/run.cjs" ./shared/device/cpu/...
//
// MIEN_SIMD=kernel.wasm takes that build alone, MIEN_SIMD=none neither;
// MIEN_THREADS=N gives them that many threads on a shared memory.
const fs = require('fs');
const path = require('path');
const { execFileSync } = require('child_process');
const { Worker } = require('worker_threads');

// Node 20 has fused multiply-add behind a flag; later ones need none.
require('v8').setFlagsFromString('--experimental-wasm-relaxed-simd');

globalThis.require = require;
globalThis.fs = fs;
globalThis.path = path;
globalThis.performance ??= require('perf_hooks').performance;
globalThis.crypto ??= require('crypto').webcrypto;

const web = path.join(__dirname, '../../web');
const goroot = process.env.GOROOT || execFileSync('go', ['env', 'GOROOT']).toString().trim();
require(path.join(goroot, 'lib/wasm/wasm_exec.js'));
require(path.join(web, 'share.js'));
require(path.join(web, 'kernel.js'));

// spawn starts threads beside this one.
function spawn(module, memory, gate) {
  const more = Number(process.env.MIEN_THREADS) - 1;
  for (let i = 0; i < more; i++) {
    new Worker(path.join(__dirname, 'thread.cjs'), { workerData: { module, memory, gate, thread: i + 1 } }).unref();
  }
  return more;
}

async function run() {
  const go = new Go();
  go.argv = process.argv.slice(2);
  go.env = { TMPDIR: require('os').tmpdir(), ...process.env };
  go.exit = process.exit;
  go.importObject.mien = mienKernel.imports;
  const bytes = new Uint8Array(fs.readFileSync(process.argv[2]));
  let shared = null;
  if (process.env.MIEN_THREADS > 1) {
    shared = await mienShare.instantiate(bytes, go.importObject);
    if (!shared) throw new Error('no shared memory here: threads are NOT tested');
  }
  const instance = shared ? shared.instance : (await WebAssembly.instantiate(bytes, go.importObject)).instance;
  const want = process.env.MIEN_SIMD;
  await mienKernel.start(shared ? shared.memory : instance.exports.mem, async (name) => {
    if (want && name !== want) return new Uint8Array();
    return fs.readFileSync(path.join(web, name));
  }, spawn);
  if (want !== 'none' && mienKernel.imports.level() === 0) throw new Error('no vector kernel runs here: web/kernel*.wasm are NOT tested');
  process.on('exit', (code) => {
    if (code === 0 && !go.exited) process.exit(1); // a deadlock
  });
  await go.run(instance);
}

run().catch((err) => { console.error(err); process.exit(1); });
