// Runs the Go worker. Messages that come before Go listens are kept for it.
importScripts('wasm_exec.js', 'kernel.js');
const early = [];
onmessage = (e) => early.push(e);

async function start() {
  const go = new Go();
  go.importObject.mien = mienKernel.imports;
  const { instance } = await WebAssembly.instantiateStreaming(await fetch('worker.wasm'), go.importObject);
  await mienKernel.start(instance.exports.mem, async (name) => (await fetch(name)).arrayBuffer());
  const first = onmessage;
  go.run(instance);
  if (onmessage !== first) for (const e of early) onmessage(e);
}

start().catch((err) => postMessage({ type: 'error', text: `The worker could not start: ${err.message}` }));
